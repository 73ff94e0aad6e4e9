"""Where a campaign's nodes and domains are: the testbed file, for hosts reached by ssh."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vcperf import testbeds
from vcperf.basics.checkout import CONFIG
from vcperf.config import files, schema
from vcperf.config.files import Config
from vcperf.errors import VcperfError, suggest
from vcperf.planning.layout import Site

SCHEMA = Path(CONFIG) / "schemas" / "testbed.schema.yaml"


def read(config: Config, sources: Sequence[str | Path] = ()) -> Site | None:
    """The site of a checked configuration; None when the testbed lives on this host.

    Args:
        config: what `campaign.checked` returned.
        sources: the files it was merged from, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    testbed = config["testbed"]
    if "testbed_file" not in config:
        if testbed not in testbeds.LOCAL:
            raise VcperfError(
                f"{files.where(('testbed',), sources)}: {testbed} needs testbed_file, the"
                " file that says where the nodes are (config/README.md)"
            )
        return None
    if testbed not in testbeds.BY_SSH:
        raise VcperfError(
            f"{files.where(('testbed_file',), sources)}: testbed {testbed} lives on this"
            f" host; set testbed to one of {', '.join(testbeds.BY_SSH)}, or leave the file out"
        )
    path, found = content(config, sources)
    nodes, ends = _placed(path, config, found)
    _refuse_twins(path, config, nodes, ends)
    return Site(nodes, ends, _context(path, found), found.get("link_mbps"), found.get("links", {}))


def content(config: Config, sources: Sequence[str | Path] = ()) -> tuple[Path, Any]:
    """The testbed file of a checked configuration that names one, and what it says.

    Raises VcperfError naming file, key and fault.
    """
    path = files.named_file(config, "testbed_file", sources)
    found = files.read_yaml(path)
    schema.check(found, SCHEMA, [path])
    for key in ("links", "groups"):
        for name, nodes in found.get(key, {}).items():
            for index, node in enumerate(nodes):
                if node not in found["nodes"]:
                    hint = suggest(node, found["nodes"])
                    raise VcperfError(f"{path}: {key}.{name}[{index}]: unknown node '{node}'{hint}")
    return path, found


def _placed(
    path: Path, config: Config, content: Any
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What specs say of each node and domain, by the testbed's class."""
    place = testbeds.find(config["testbed"], by_ssh=True).place
    nodes: dict[str, Any] = {}
    ends: dict[str, dict[str, Any]] = {}
    for name, wanted in config["nodes"].items():
        node = _entry(path, content, ("nodes",), name)
        for domain in wanted["domains"]:
            _entry(path, node, ("nodes", name, "domains"), domain)
        try:
            nodes[name], more = place(node, wanted["dom0"], wanted["domains"])
        except VcperfError as fault:
            raise VcperfError(f"{path}: nodes.{name}.domains.{fault}") from None
        ends |= more
    return nodes, ends


def _context(path: Path, content: Any) -> dict[str, Any]:
    """How to reach the hosts, see `Site`; files are seen from the testbed file's folder."""
    named = content["nodes"].items()
    context: dict[str, Any] = {
        "emulator_pid_files": {
            name: str(path.parent / node["emulator_pid_file"])
            for name, node in named
            if "emulator_pid_file" in node
        },
        "emulator_monitors": {
            name: {
                "monitor": str(path.parent / node["emulator_monitor"]),
                "symbols": str(path.parent / node["xen_symbols"]),
            }
            for name, node in named
            if "emulator_monitor" in node
        },
    }
    if "links" in content:
        context["links"] = content["links"]
    if "ssh_config" in content:
        # Absolute: ssh looks for a bare name in /etc/ssh.
        context["ssh_config"] = str((path.parent / content["ssh_config"]).absolute())
    return context


def _entry(path: Path, content: Any, key_path: tuple[str, ...], name: str) -> Any:
    """A node or domain that the configuration names, in the testbed file."""
    known = content[key_path[-1]]
    if name not in known:
        where = ".".join(key_path)
        raise VcperfError(f"{path}: {where}: lacks the campaign's '{name}'{suggest(name, known)}")
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
                        raise VcperfError(f"{at}.{key}: {end['ssh']} {_twin(other)}")
                elif same_address:
                    key = f"domains.{domain}.address"
                    raise VcperfError(f"{at}.{key}: {end['address']} {_twin(other)}")
            seen[domain] = end


def _twin(other: str) -> str:
    return f"is that of domain {other} too; was the line copied? Each domain needs its own"
