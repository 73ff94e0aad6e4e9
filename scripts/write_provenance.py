"""Snakemake script: the provenance of a campaign, and its findings."""

import dataclasses
import json
import os
import sys

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.report import findings
from vcperf.report.provenance import provenance
from vcperf.tables.read import read_tables


def main(config: dict, kinds: dict[str, str], inputs: list[str], outputs: dict) -> None:
    """Read the tables and the plan's records, and write what they rest on and what they say.

    Args:
        kinds: kind -> its table that has each block.
        inputs: the tables, as CSV.
        outputs: provenance and findings: where each goes, as JSON.
    """
    tables = read_tables(inputs)
    plan = tables["plan"]
    present = [path for path in dict.fromkeys(plan["record"]) if os.path.exists(on_disk(path))]
    records = {path: record.read(on_disk(path)) for path in present}
    of_blocks = {kind: tables[table] for kind, table in kinds.items()}
    found = findings.find(tables, config["target_percent"])
    write_json(outputs["provenance"], provenance(config, plan, records, of_blocks, list(tables)))
    write_json(outputs["findings"], dataclasses.asdict(found))


def write_json(path: str, content: dict) -> None:
    """Write indented JSON; NaN, which JSON lacks, is refused."""
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
                "findings": snakemake.output.findings,
            },
        )
    except VcperfError as error:
        sys.exit(str(error))
