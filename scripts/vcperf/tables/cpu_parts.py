"""The CPU time of a path's ends part by part, where the testbed knows more than that of the
domains: what QEMU's and the kernel's threads took for a guest, how long its VCPUs waited for a CPU,
and what the host took outside its guests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vcperf.kinds.cpu_parts import COST, ENDS, HOST, PARTS, THREADS, WAITING
from vcperf.records.observation import part_percent, part_seconds
from vcperf.tables.common import Content


def percents(content: Content, domains: Mapping[str, str]) -> dict[str, float | None]:
    """The columns PARTS of a record, each in percent of one CPU; None for what its testbed, or the
    version that measured it, does not account for.

    Args:
        content: the record.
        domains: sender and receiver -> the domain.
    """
    found: dict[str, float | None] = dict.fromkeys(PARTS)
    for end, domain in domains.items():
        host = _host_of(content, domain)
        accounts = [(domain, key, column) for key, column in {**THREADS, **WAITING}.items()]
        accounts += [(host, key, column) for key, column in HOST.items()]
        for owner, key, column in accounts:
            used = part_percent(content["before"], content["after"], owner, key)
            found[f"{end}_{column}"] = None if used is None else round(used, 2)
    return found


def cost(content: Content, domains: Mapping[str, str], moved_bytes: float) -> dict[str, Any]:
    """The column COST: CPU seconds per 10^9 bytes, of guests, their threads and their hosts; None
    where nothing was moved or a host has no account.

    Args:
        content, domains: see `percents`.
        moved_bytes: what was moved between the two observations.
    """
    hosts = {_host_of(content, domains[end]) for end in ENDS}
    # What runs in a host domain is in the host's account.
    accounts = [(host, key) for host in hosts for key in HOST]
    for domain in {domains[end] for end in ENDS} - hosts:
        accounts.append((domain, "cpu_s"))
        accounts += [(domain, key) for key in THREADS if key in content["after"]["domains"][domain]]
    parts = [part_seconds(content["before"], content["after"], *account) for account in accounts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or moved_bytes <= 0:
        return {COST: None}
    return {COST: round(1e9 * sum(known) / moved_bytes, 3)}


def _host_of(content: Content, domain: str) -> str:
    """The host domain beneath a domain; empty where the record has none."""
    nodes = content["spec"]["nodes"].values()
    return next((str(node["dom0"]) for node in nodes if domain in node["domains"]), "")
