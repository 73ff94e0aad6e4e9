"""What a campaign's own results decided of its plan, kept in results/.

It is read wherever a campaign is planned, so it stays part of the campaign:

- results/blocks.json, how many blocks the stopping rule of `make converge` gave each
  cell. The key is a cell's name, which ends in the hash of its spec: an edit that makes
  other cells leaves the counts of the old ones unused;
- results/points.json, the message sizes of points A and B that `make points` picked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from vcperf.basics.files import write_whole
from vcperf.basics.results import on_disk
from vcperf.config.files import Config
from vcperf.errors import VcperfError

BLOCKS = "results/blocks.json"
POINTS = "results/points.json"


def read(path: str = BLOCKS) -> dict[str, int]:
    """Name -> number; empty when there is no such file.

    Raises VcperfError when it is something else.
    """
    try:
        with open(on_disk(path), encoding="utf-8") as handle:
            numbers = json.load(handle)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise VcperfError(f"{path}: not JSON ({error}); delete it to start again") from None
    if not isinstance(numbers, dict) or not all(type(n) is int for n in numbers.values()):
        raise VcperfError(f"{path}: not numbers by name; delete it to start again")
    return numbers


def write(numbers: Mapping[str, int], path: str = BLOCKS) -> None:
    """Write name -> number whole or not at all. Raises VcperfError when the disk refuses."""
    with write_whole(on_disk(path)) as handle:
        json.dump(dict(sorted(numbers.items())), handle, indent=1)
        handle.write("\n")


def with_points(config: Config, path: str = POINTS) -> Config:
    """A checked configuration that profiles the ping-pong at the points picked, if any are.

    Raises VcperfError as `read`, and for a size that is none.
    """
    picked = read(path)
    section = config.get("profile", {}).get("pingpong")
    if not picked or section is None:
        return config
    if min(picked.values()) < 1:
        raise VcperfError(f"{path}: a message has at least 1 byte; delete it to start again")
    profile = {**config["profile"], "pingpong": {**section, "points": picked}}
    return {**config, "profile": profile}
