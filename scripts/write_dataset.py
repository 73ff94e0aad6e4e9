"""Snakemake script: provenance, and all tables for other programs to read."""

import json
import os
import sys
from pathlib import Path

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.report.provenance import FORMAT, provenance
from vcperf.tables.read import read_table


def main(config: dict, kinds: dict[str, str], inputs: list[str], outputs: dict) -> None:
    """Read the tables and the plan's records, and write everything.

    Args:
        kinds: kind -> its table that has each block.
        inputs: the tables, as CSV.
        outputs: provenance, campaign and tables: where each goes, the last ones in the
            order of `inputs`.
    """
    tables = {Path(path).stem: read_table(path) for path in inputs}
    plan = tables["plan"]
    present = [path for path in dict.fromkeys(plan["record"]) if os.path.exists(on_disk(path))]
    records = {path: record.read(on_disk(path)) for path in present}
    sources = provenance(
        config, plan, records, {kind: tables[table] for kind, table in kinds.items()}
    )
    rows = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    write_json(outputs["provenance"], sources)
    write_json(outputs["campaign"], {"format": FORMAT, "provenance": sources, "tables": rows})
    for table, path in zip(tables.values(), outputs["tables"], strict=True):
        table.to_parquet(path, index=False)


def write_json(path: str, content: dict) -> None:
    """Write indented JSON; NaN, which JSON has not, is refused."""
    with open(path, "w", encoding="utf-8") as handle:
        json.dump(content, handle, indent=1, allow_nan=False)
        handle.write("\n")


if __name__ == "__main__":
    try:
        main(
            snakemake.params.config,
            snakemake.params.kinds,
            snakemake.input.tables,
            {
                "provenance": snakemake.output.provenance,
                "campaign": snakemake.output.campaign,
                "tables": snakemake.output.tables,
            },
        )
    except VcperfError as error:
        sys.exit(str(error))
