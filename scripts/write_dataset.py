"""Snakemake script: provenance, and all tables for other programs to read."""

import json
import os
import sys

import pandas as pd

from vcperf import record
from vcperf.errors import VcperfError
from vcperf.provenance import FORMAT, provenance

# Columns that hold text even where all of a campaign's are empty.
TEXT = ("method", "test", "why", "missing", "throttled", "status", "kind")


def main(config: dict, kinds: list[str], inputs: dict[str, str], outputs: dict) -> None:
    """Read the tables and the plan's records, and write everything.

    Args:
        inputs: name -> each table, as CSV.
        outputs: provenance, campaign and tables: where each goes, the last ones in the
            order of `inputs`.
    """
    types = dict.fromkeys(TEXT, "string")
    tables = {name: pd.read_csv(path, dtype=types) for name, path in inputs.items()}
    plan = tables["plan"]
    present = [path for path in dict.fromkeys(plan["record"]) if os.path.exists(path)]
    records = {path: record.read(path) for path in present}
    told = provenance(config, plan, records, {kind: tables[kind] for kind in kinds})
    rows = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    write_json(outputs["provenance"], told)
    write_json(outputs["campaign"], {"format": FORMAT, "provenance": told, "tables": rows})
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
            dict(zip(snakemake.params.tables, snakemake.input.tables, strict=True)),
            {
                "provenance": snakemake.output.provenance,
                "campaign": snakemake.output.campaign,
                "tables": snakemake.output.tables,
            },
        )
    except VcperfError as error:
        sys.exit(str(error))
