"""Snakemake script: the provenance of a campaign, and its findings."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

import dataclasses
import json
import os
import sys
from typing import Any

from vcperf.basics.digest import canonical
from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.kinds import stand_in
from vcperf.records import record
from vcperf.records.kept import Kept
from vcperf.report import findings
from vcperf.report.provenance import needed, provenance
from vcperf.tables.read import read_tables


def main(
    config: dict, kinds: dict[str, str], inputs: list[str], outputs: dict, modules: list[str]
) -> None:
    """Read the tables and the plan's records, and write what they rest on and what they say.

    Args:
        kinds: kind -> its table that has each block.
        inputs: the tables, as CSV.
        outputs: provenance and findings: where each goes, as JSON.
        modules: the files of the code that this is.
    """
    tables = read_tables(inputs)
    plan = tables["plan"]
    present = [path for path in dict.fromkeys(plan["record"]) if os.path.exists(on_disk(path))]
    kept = Kept(on_disk("results/kept/provenance.jsonl"), modules)
    same: dict[str, Any] = {}  # records have the same hosts, settings and code, which are kept once
    records = {path: _needed(kept, on_disk(path), same) for path in present}
    kept.write()
    of_blocks = {kind: tables[table] for kind, table in kinds.items()}
    note = stand_in.NOTE if stand_in.used(config) else ""
    found = findings.find(tables, config["target_percent"], note)
    write_json(outputs["provenance"], provenance(config, plan, records, of_blocks, list(tables)))
    write_json(outputs["findings"], dataclasses.asdict(found))


def _needed(kept: Kept, path: str, same: dict[str, Any]) -> dict[str, Any]:
    """What the provenance needs of a record; of parts that are in `same`, that one."""
    content = record.content(path)
    key = kept.key(content, "provenance")
    found = kept.value(key)
    if found is None:
        found = needed(record.parsed(path, content))
        kept.keep(key, found)
    return {name: same.setdefault(canonical(part), part) for name, part in found.items()}


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
            snakemake.input.modules,
        )
    except VcperfError as error:
        sys.exit(str(error))
