"""What hosts were set to, kept once beside the records: results/host_settings/DIGEST.json.

A record names the digest of each *place* that it used: a node, or NODE/DOMAIN for a domain whose
settings are not its node's. The digest is that of the content, so a file never changes.
"""

from __future__ import annotations

import json
import os

from vcperf.basics import digest
from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Settings = dict[str, str | None]
    """Name -> value; None for what could not be read (`vcperf.tools.host_settings`)."""

FOLDER = "host_settings"  # below a results folder
FORMAT = 1
MOST_BYTES = 10**6  # a host has some 200 settings


def write(folder: str, settings: Mapping[str, str | None]) -> str:
    """Keep the settings of a place, unless they are there; returns their digest.

    Args:
        folder: a results folder.
        settings: name -> value.

    Raises VcperfError when the disk refuses.
    """
    name = digest.short([digest.canonical(settings).encode()])
    path = os.path.join(folder, FOLDER, f"{name}.json")
    if not os.path.exists(path):
        with write_whole(path) as handle:
            json.dump({"format": FORMAT, "settings": settings}, handle, indent=1, sort_keys=True)
            handle.write("\n")
    return name


def read(folder: str, name: str) -> Settings:
    """The settings of a digest; none where there is no such file.

    Args:
        folder: a results folder.
        name: the digest.

    Raises VcperfError when the file does not hold them.
    """
    from vcperf.records import json_file, shape  # not for measurements, which only write

    path = os.path.join(folder, FOLDER, f"{name}.json")
    try:
        content = json_file.read(path, MOST_BYTES, "settings of a host")
    except FileNotFoundError:
        return {}
    fault = shape.fault(content, {"settings": shape.Each((shape.TEXT, shape.NULL))})
    if fault or content.get("format") != FORMAT:
        raise VcperfError(f"{path}: not host settings of format {FORMAT}; delete it")
    settings: Settings = content["settings"]
    if digest.short([digest.canonical(settings).encode()]) != name:
        raise VcperfError(f"{path}: was changed: its name is not its digest; delete it")
    return settings
