"""Where a campaign's nodes and domains are: the testbed file, for hosts reached by ssh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcperf import config as configuration
from vcperf.config import Config, suggest
from vcperf.errors import VcperfError
from vcperf.testbeds import BY_SSH, HERE, find

SCHEMA = Path(__file__).parents[2] / "config" / "schemas" / "testbed.schema.yaml"


@dataclass(frozen=True)
class Site:
    """Nodes reached by ssh.

    Args:
        nodes: node -> what a spec says of it, so that it can be reached.
        ends: domain -> what a spec says of it when it is an end of the path.
        context: how to reach them, no part of any key: `ssh_config`,
            `emulator_pid_files`, `emulator_monitors`. See `vcperf.measure.block.main`.
    """

    nodes: Mapping[str, dict[str, Any]]
    ends: Mapping[str, dict[str, Any]]
    context: dict[str, Any]


def read(config: Config, sources: Sequence[str | Path] = ()) -> Site | None:
    """The site of a checked configuration; None when the testbed lives on this host.

    Args:
        config: what `campaign.checked` returned.
        sources: the files it was merged from, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    testbed = config["testbed"]
    if "testbed_file" not in config:
        if testbed not in HERE:
            raise VcperfError(
                f"{configuration.where(('testbed',), sources)}: {testbed} needs testbed_file, the"
                " file that says where the nodes are (config/README.md)"
            )
        return None
    if testbed not in BY_SSH:
        raise VcperfError(
            f"{configuration.where(('testbed_file',), sources)}: testbed {testbed} lives on this"
            f" host; set testbed to one of {', '.join(BY_SSH)}, or leave the file out"
        )
    path = configuration.named_file(config, "testbed_file", sources)
    content = configuration.read_yaml(path)
    configuration.check(content, SCHEMA, [path])
    place = find(testbed, by_ssh=True).place
    nodes: dict[str, Any] = {}
    ends: dict[str, Any] = {}
    for name, wanted in config["nodes"].items():
        node = _entry(path, content, ("nodes",), name)
        for domain in wanted["domains"]:
            _entry(path, node, ("nodes", name, "domains"), domain)
        try:
            nodes[name], more = place(node, wanted["dom0"], wanted["domains"])
        except VcperfError as fault:
            raise VcperfError(f"{path}: nodes.{name}.domains.{fault}") from None
        ends |= more
    _refuse_twins(path, config, nodes, ends)
    context: dict[str, Any] = {
        "emulator_pid_files": {
            name: str(path.parent / node["emulator_pid_file"])
            for name, node in content["nodes"].items()
            if "emulator_pid_file" in node
        },
        "emulator_monitors": {
            name: {
                "monitor": str(path.parent / node["emulator_monitor"]),
                "symbols": str(path.parent / node["xen_symbols"]),
            }
            for name, node in content["nodes"].items()
            if "emulator_monitor" in node
        },
    }
    if "ssh_config" in content:
        # Absolute: ssh looks for a bare name in /etc/ssh.
        context["ssh_config"] = str((path.parent / content["ssh_config"]).absolute())
    return Site(nodes, ends, context)


def _entry(path: Path, content: Any, key_path: tuple[str, ...], name: str) -> Any:
    """A node or domain that the configuration names, in the testbed file."""
    known = content[key_path[-1]]
    if name not in known:
        where = ".".join(key_path)
        raise VcperfError(
            f"{path}: {where}: the campaign's '{name}' is not there{suggest(name, known)}"
        )
    return known[name]


def _refuse_twins(
    path: Path, config: Config, nodes: dict[str, Any], ends: dict[str, dict[str, Any]]
) -> None:
    """Refuse two domains that are one host by one of their lines and two by the other: an
    entry that was copied, whose measurement would be another's.

    Domains may be their node (native), and all of them this machine (by a loopback address).
    """
    by_ssh = {node["ssh"] for node in nodes.values()}
    seen: dict[str, dict[str, Any]] = {}
    for name, node in config["nodes"].items():
        for domain in node["domains"]:
            end = ends[domain]
            if end["address"].startswith("127."):
                continue
            at = f"{path}: nodes.{name}"
            for other, first in seen.items():
                same_address = end["address"] == first["address"]
                if end["ssh"] == first["ssh"]:
                    if not same_address or end["ssh"] not in by_ssh:
                        key = "ssh" if domain == node["dom0"] else f"domains.{domain}.ssh"
                        raise VcperfError(f"{at}.{key}: {end['ssh']} is {other}'s already")
                elif same_address:
                    key = f"domains.{domain}.address"
                    raise VcperfError(f"{at}.{key}: {end['address']} is {other}'s already")
            seen[domain] = end
