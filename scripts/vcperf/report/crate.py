"""A campaign as an RO-Crate: one zip file that other programs understand.

It holds the records, tables and figures, and ro-crate-metadata.json, which says what they are: by
whom, when and with what they were made, and what each column of a table means. Written as RO-Crate
1.1 and as a Process Run Crate 0.5 (https://www.researchobject.org/workflow-run-crate).
"""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity, File
from rocrate.rocrate import ROCrate

from vcperf.errors import VcperfError
from vcperf.tables import columns

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
CSV, JSON, SVG = "text/csv", "application/json", "image/svg+xml"
FORMATS = {".csv": CSV, ".json": JSON, ".svg": SVG, ".png": "image/png", ".html": "text/html"}
NO_LICENSE = {
    "@type": "CreativeWork",
    "name": "No licence given",
    "description": "Ask those who measured this before you use it.",
}


def write(
    results: Path, path: Path, license_url: str | None = None, author: str | None = None
) -> int:
    """Pack a finished campaign.

    Args:
        results: its folder, with tables and provenance.json.
        path: the zip file to write.
        license_url: of the data; where it is None, the crate says that none is given.
        author: the name of a person or organization who measured; None names nobody.

    Returns how many records it holds. Raises VcperfError when the folder lacks what a finished
    campaign has, or the file cannot be written.
    """
    source = results / "provenance.json"
    tables = sorted((results / "tables").glob("*.csv"))
    try:
        provenance = json.loads(source.read_text(encoding="utf-8"))
        records = list(_records(results))
        settings = sorted((results / "host_settings").glob("*.json"))
    except (OSError, ValueError) as fault:
        raise VcperfError(
            f"{results}: no finished campaign ({fault}); run `make figures` first"
        ) from None
    crate = ROCrate(version="1.1", gen_preview=False)
    _describe(crate, provenance, len(records), license_url)
    described = _add(crate, [source, *tables, *_figures(results)], results)
    measured = _add(crate, [*records, *settings], results)
    action = _act(crate, provenance, described[0], measured)
    if author is not None:
        person = {"@type": "Person", "name": author}
        crate.root_dataset["author"] = crate.add(ContextEntity(crate, "#author", person))
        action["agent"] = crate.root_dataset["author"]
    for table in described:
        if table.id.endswith(".csv"):
            table["variableMeasured"] = list(_variables(crate, results / table.id))
    partial = path.with_name(f".{path.name}.part.zip")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        crate.write_zip(partial)
        partial.replace(path)
    except OSError as fault:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise VcperfError(
            f"{path}: cannot be written: {fault.strerror}; give another file with --out"
        ) from None
    return len(records)


def _records(results: Path) -> Iterator[Path]:
    """The records that the plan names and that are there."""
    with (results / "tables/plan.csv").open(encoding="utf-8", newline="") as handle:
        planned = dict.fromkeys(row["record"] for row in csv.DictReader(handle))
    for name in planned:
        path = results / Path(name).relative_to("results")
        if path.is_file():
            yield path


def _figures(results: Path) -> list[Path]:
    pages = [results / "report.html"]
    return [*sorted((results / "figures").glob("*.*")), *(page for page in pages if page.is_file())]


def _add(crate: ROCrate, paths: Iterable[Path], results: Path) -> list[File]:
    added = []
    for path in paths:
        name = str(path.relative_to(results))
        properties = {
            "name": name,
            "contentSize": str(path.stat().st_size),
            "encodingFormat": FORMATS.get(path.suffix, "text/plain"),
        }
        added.append(crate.add_file(path, name, properties=properties))
    return added


def _describe(
    crate: ROCrate, provenance: Mapping[str, Any], records: int, license_url: str | None
) -> None:
    """What the whole is, and which profile it follows."""
    crate.name = f"vcperf campaign on {', '.join(provenance['testbeds'])}"
    hosts = [host["host"] for host in provenance["hosts"]]
    crate.description = (
        f"Measurements of what virtualisation costs, in {records} records;"
        f" measured on {', '.join(hosts) or 'no host'}"
        f" from {provenance['first_measured']} to {provenance['last_measured']}."
    )
    crate.license = crate.add(
        ContextEntity(crate, "#no-licence", NO_LICENSE)
        if license_url is None
        else ContextEntity(
            crate, license_url, {"@type": "CreativeWork", "name": license_url, "description": "-"}
        )
    )
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset["conformsTo"] = crate.add(ContextEntity(crate, PROFILE, profile))


def _act(
    crate: ROCrate, provenance: Mapping[str, Any], source: File, measured: Iterable[File]
) -> ContextEntity:
    """By which program the records were measured, when, and from which configuration."""
    program = {
        "@type": "SoftwareApplication",
        "name": "vcperf",
        "description": "measures what virtualisation costs a cluster",
        "softwareVersion": _version(provenance),
    }
    action = {
        "@type": "CreateAction",
        "name": "measuring",
        "description": f"the blocks of {source.id}, whose `config` is the configuration",
        "startTime": provenance["first_measured"],
        "endTime": provenance["last_measured"],
    }
    done = crate.add(ContextEntity(crate, "#measuring", action))
    done["instrument"] = crate.add(ContextEntity(crate, "#vcperf", program))
    done["object"] = source
    done["result"] = list(measured)
    crate.root_dataset["mentions"] = done
    return done


def _version(provenance: Mapping[str, Any]) -> str:
    """The versions that measured, as far as records name them."""
    return ", ".join(provenance.get("versions", ())) or "unknown"


def _variables(crate: ROCrate, path: Path) -> Iterator[ContextEntity]:
    """A description of each column of a table, once for all tables."""
    with path.open(encoding="utf-8", newline="") as handle:
        names = next(csv.reader(handle), [])
    for name in names:
        entity = crate.get(f"#column-{name}")
        yield entity or crate.add(ContextEntity(crate, f"#column-{name}", _column(name)))


def _column(name: str) -> dict[str, str]:
    column = columns.of(name)
    meaning = {"@type": "PropertyValue", "name": name, "valueReference": column.type}
    if column.label:
        meaning["description"] = column.label
    if column.unit:
        meaning["unitText"] = column.unit
    return meaning
