"""Snakemake script: the provenance of a campaign."""

import json
import os
import sys
from pathlib import Path

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.report.provenance import provenance
from vcperf.tables.read import read_table


def main(config: dict, kinds: dict[str, str], inputs: list[str], output: str) -> None:
    """Read the tables and the plan's records, and write what they rest on.

    Args:
        kinds: kind -> its table that has each block.
        inputs: the tables, as CSV.
        output: where it goes, as JSON.
    """
    paths = {Path(path).stem: path for path in inputs}
    plan = read_table(paths["plan"])
    present = [path for path in dict.fromkeys(plan["record"]) if os.path.exists(on_disk(path))]
    records = {path: record.read(on_disk(path)) for path in present}
    tables = {kind: read_table(paths[table]) for kind, table in kinds.items()}
    sources = provenance(config, plan, records, tables)
    with open(output, "w", encoding="utf-8") as handle:
        json.dump(sources, handle, indent=1, allow_nan=False)
        handle.write("\n")


if __name__ == "__main__":
    try:
        main(
            snakemake.params.config,
            snakemake.params.kinds,
            snakemake.input.tables,
            snakemake.output[0],
        )
    except VcperfError as error:
        sys.exit(str(error))
