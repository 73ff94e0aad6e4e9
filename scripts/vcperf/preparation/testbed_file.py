"""Where a campaign's nodes and domains are: the testbed file, for hosts reached by ssh."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from vcperf import testbeds
from vcperf.basics.checkout import CONFIG
from vcperf.config import files, schema
from vcperf.config.files import Config, KeyPath
from vcperf.errors import VcperfError, quote, suggest
from vcperf.planning.layout import Site

KEY = "testbed_file"
SCHEMA = Path(CONFIG) / "schemas" / "testbed.schema.yaml"


def key_of(config: Config, testbed: str) -> KeyPath | None:
    """The key path in a checked configuration that names a testbed's file; None when it names
    none, so that the testbed lives on this host. One file may serve several testbeds."""
    named = config.get(KEY)
    if isinstance(named, Mapping):
        return (KEY, testbed) if testbed in named else None
    return None if named is None else (KEY,)


def key_paths(config: Config) -> list[KeyPath]:
    """The key paths in a checked configuration that name testbed files."""
    named = config.get(KEY)
    if isinstance(named, Mapping):
        return [(KEY, testbed) for testbed in named]
    return [] if named is None else [(KEY,)]


def check_names(config: Config, names: Collection[str], sources: Sequence[str | Path]) -> None:
    """Refuse files for testbeds that a campaign does not have.

    Args:
        config: what `campaign.checked` returned.
        names: the campaign's testbeds.
        sources: the files it was merged from, for error messages.

    Raises VcperfError naming file and key.
    """
    named = config.get(KEY)
    for testbed in named if isinstance(named, Mapping) else ():
        if testbed not in names:
            raise VcperfError(
                f"{files.where((KEY, testbed), sources)}: {quote(testbed)} is no testbed of this"
                f" campaign{suggest(testbed, names)}"
            )


def read(config: Config, sources: Sequence[str | Path] = ()) -> Site | None:
    """The site of a checked configuration; None when the testbed lives on this host.

    Args:
        config: what `campaign.checked` returned, of one testbed.
        sources: the files it was merged from, for error messages.

    Raises VcperfError naming file, key and fault.
    """
    testbed = config["testbed"]
    key_path = key_of(config, testbed)
    if key_path is None:
        if testbed not in testbeds.LOCAL:
            raise VcperfError(
                f"{files.where(('testbed',), sources)}: {testbed} needs testbed_file, the"
                " file that says where the nodes are (config/README.md)"
            )
        return None
    if testbed not in testbeds.BY_SSH:
        raise VcperfError(
            f"{files.where(key_path, sources)}: testbed {testbed} lives on this"
            f" host; set testbed to one of {', '.join(testbeds.BY_SSH)}, or leave the file out"
            f" (each testbed may have its own: {KEY}: {{xen: FILE}})"
        )
    path, found = content(config, key_path, sources)
    nodes, ends = _placed(path, config, found)
    _refuse_twins(path, config, nodes, ends)
    return Site(nodes, ends, _context(path, found), found.get("link_mbps"), found.get("links", {}))


def content(
    config: Config, key_path: KeyPath, sources: Sequence[str | Path] = ()
) -> tuple[Path, Any]:
    """The testbed file that a checked configuration names at a key path, and what it says.

    Raises VcperfError naming file, key and fault.
    """
    path = files.named_file(config, key_path, sources)
    found = files.read_yaml(path)
    schema.check(found, SCHEMA, [path])
    for name, node in found["nodes"].items():
        if ("ssh" in node) == ("here" in node):
            fault = "has ssh and here" if "ssh" in node else "the key 'ssh' is missing"
            raise VcperfError(
                f"{path}: nodes.{name}: {fault}; give a destination for ssh, or here: true when the"
                " node is this machine"
            )
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
    stops = {name: node["stop"] for name, node in named if "stop" in node}
    if stops:
        context["stop"] = stops
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
