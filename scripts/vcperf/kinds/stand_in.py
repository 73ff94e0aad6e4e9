"""iperf3 in place of netperf, where netperf is not to be had: a campaign's configuration rewritten,
and what is lost. Records are iperf3's own, of its own kind."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any

KEY = "instead_of_netperf"
# What the key may be: iperf3 where netperf is not to be had; nothing; iperf3.
AUTO, NEVER, IPERF3 = "auto", "never", "iperf3"
REPLACED, REPLACING = "netperf", "iperf3"  # kinds
NOTE = "iperf3 in place of netperf, which was not to be had"
CURVES = "iperf3_curves"  # the table of the figures
SAME = {"TCP_STREAM": "TCP", "UDP_STREAM": "UDP"}  # netperf's test -> iperf3's protocol
TESTS = {protocol: test for test, protocol in SAME.items()}
# The streams of a mode; `forward` is what netperf does.
DIRECTIONS = {
    "forward": ("forward",),
    "reverse": ("reverse",),
    "bidirectional": ("forward", "reverse"),
}
LARGEST = 2**20  # bytes, of a message of iperf3
# What of the section netperf has no counterpart in the section iperf3.
OPTIONS = ("socket_buffers", "congestion_control", "percentiles")


def used(config: Mapping[str, Any]) -> bool:
    """Whether a configuration says that iperf3 is in place of netperf."""
    return bool(config.get(KEY) == IPERF3)


def possible(config: Mapping[str, Any]) -> bool:
    """Whether a configuration asks of netperf what iperf3 measures too."""
    section = config.get(REPLACED) or {}
    return bool(
        _has_paths(section) and set(SAME).intersection(section["tests"]) and _sizes(section)
    )


def rewritten(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration that measures with iperf3 what its section netperf asks for.

    Args:
        config: checked, without nulls.

    All streams go from the sender to the receiver. The warm-up, part of each run of iperf3, has
    whole seconds. A section iperf3 that is there stays as it is.
    """
    section = config.get(REPLACED)
    made = {key: value for key, value in config.items() if key != REPLACED}
    if section and possible(config) and REPLACING not in config:
        made[REPLACING] = {
            "paths": section["paths"],
            "protocols": [SAME[test] for test in section["tests"] if test in SAME],
            "modes": ["forward"],
            "streams": list(section.get("streams", [1])),
            "message_bytes": _sizes(section),
            "duration_s": section["duration_s"],
            "warmup_s": math.ceil(section["warmup_s"]),
        }
    if "baseline" in config:
        kinds = [REPLACING if k == REPLACED else k for k in config["baseline"]["measurements"]]
        made["baseline"] = {**config["baseline"], "measurements": list(dict.fromkeys(kinds))}
    if "profile" in config:
        made["profile"] = {**config["profile"], "paths": {}}
    return made


def lost(config: Mapping[str, Any]) -> list[str]:
    """What iperf3 cannot give of a configuration, in words.

    Args:
        config: as for `rewritten`, before that.
    """
    section = config.get(REPLACED, {})
    found = [test for test in section.get("tests", ()) if test not in SAME]
    sizes = [size for size in section.get("message_bytes", ()) if size > LARGEST]
    found += [f"messages of {size} bytes" for size in sizes]
    found += [key for key in OPTIONS if section.get(key)]
    if _has_paths(config.get("profile", {})):
        found.append("profiles of netperf")
    return found


def compared(measured: Collection[str]) -> str:
    """The kind whose blocks are compared pinning by pinning, and added until they are settled:
    iperf3 where a campaign has it and no netperf; netperf otherwise, be it not measured either.

    Args:
        measured: the campaign's kinds.
    """
    return REPLACING if REPLACING in measured and REPLACED not in measured else REPLACED


def test_of(protocol: str, mode: str, direction: str) -> str:
    """A stream of iperf3 as a test of netperf's.

    >>> test_of("TCP", "forward", "forward"), test_of("UDP", "reverse", "reverse")
    ('TCP_STREAM', 'UDP_STREAM reverse')
    >>> test_of("TCP", "bidirectional", "reverse")
    'TCP_STREAM bidirectional reverse'
    """
    more = dict.fromkeys((mode, direction)) if mode != "forward" else ()
    return " ".join([TESTS[protocol], *more])


def streams_of(cell: Any) -> list[dict[str, Any]]:
    """The labels of a cell in netperf's words: of iperf3's, once for each of its directions."""
    if cell.kind != REPLACING:
        return [cell.labels]
    named = {**cell.labels, "load": "none"}
    protocol, mode = named["protocol"], named["mode"]
    return [{**named, "test": test_of(protocol, mode, d)} for d in DIRECTIONS[mode]]


def named_as_netperf(cell: Any) -> Any:
    """What figures must know of a cell of iperf3, in netperf's words: its spec and its labels."""
    ends = {end: cell.spec[end] for end in ("sender", "receiver")}
    labels = {**cell.labels, **ends, "test": TESTS[cell.labels["protocol"]], "load": "none"}
    return SimpleNamespace(spec=cell.spec, labels=labels)


def _has_paths(section: Mapping[str, Any]) -> bool:
    paths = section.get("paths", {})  # or the name of a mesh
    return any(paths.values()) if isinstance(paths, Mapping) else bool(paths)


def _sizes(section: Mapping[str, Any]) -> list[int]:
    return [size for size in section["message_bytes"] if size <= LARGEST]
