"""What the hosts and domains of a campaign are set to (`vcperf.tools.host_probe`).

Asked once at the start of a campaign. `python -m vcperf.testbeds.settings SPEC` brings up the
testbed of a spec and prints JSON: domain -> what the program printed in there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from vcperf.basics.checkout import TOOL_FOLDERS
from vcperf.basics.digest import canonical
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import isolation, open_testbed
from vcperf.testbeds.ssh import Connections
from vcperf.tools import host_settings
from vcperf.tools.host_probe import HOST, LINKS, PARTS, TOOLS, argv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from vcperf.tools.host_settings import Settings

    Specs = Iterable[Mapping[str, Any]]
    Places = dict[str, Settings]
    """NODE, or NODE/DOMAIN for a domain whose settings are not its node's -> settings."""

PATIENCE_S = 10.0


def here(parts: str, interface: str = "") -> Settings:
    """What this machine is set to; arguments as of `host_probe.argv`. Raises VcperfError."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *TOOL_FOLDERS])
    try:
        done = subprocess.run(
            argv(parts, interface),
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise VcperfError(f"this machine: {error}") from None
    return host_settings.read(done.stdout.decode(errors="replace"))


def of_processes(specs: Specs) -> Places:
    """Of domains that are plain processes here: all nodes are this machine, and talk over its
    loopback interface. Raises VcperfError."""
    return dict.fromkeys(_nodes(specs), here(PARTS, "lo"))


def of_namespaces(testbed: str, specs: Specs) -> Places:
    """Of domains that are network namespaces here: nodes are this machine, and each domain has a
    network of its own, that a block makes. So the domains are made once, as blocks make them, and
    asked. Raises VcperfError.

    Args:
        testbed: its name.
        specs: the specs of blocks.
    """
    nodes = _nodes(specs)
    one: dict[str, Any] = {}
    for spec in specs:
        one |= spec  # what joins nodes as well, where one of the specs has several
    module = ["python3", "-S", "-m", "vcperf.testbeds.settings"]
    done = isolation.run(testbed, [*module, canonical({**one, "nodes": nodes})])
    if done.returncode != 0:
        raise VcperfError(f"this machine: {last_line(done.stderr, f'status {done.returncode}')}")
    places = dict.fromkeys(nodes, here(f"{HOST} {TOOLS}"))
    printed = json.loads(done.stdout)
    for name, node in nodes.items():
        for domain in node["domains"]:
            places[f"{name}/{domain}"] = host_settings.read(printed[domain])
    return places


def by_ssh(specs: Specs, ssh_config: str | None) -> Places:
    """Of nodes reached by ssh, and of domains that are reached by an ssh destination of their own:
    one round trip, to all side by side. Raises VcperfError naming a host that does not answer."""
    nodes = _nodes(specs)
    hosts = {name: node["ssh"] for name, node in nodes.items()}
    node_of = {domain: name for name, node in nodes.items() for domain in node["domains"]}
    for spec in specs:
        for domain, end in spec["ends"].items():
            if end["ssh"] != hosts[node_of[domain]]:
                hosts[f"{node_of[domain]}/{domain}"] = end["ssh"]
    connections = Connections(ssh_config)
    answers = connections.batch({host: [argv(PARTS)] for host in hosts.values()})
    parsed = {}
    for host, ((_, text),) in answers.items():
        try:
            parsed[host] = host_settings.read(text)
        except VcperfError as fault:
            raise VcperfError(f"{host}: {fault}") from None
    return {place: parsed[host] for place, host in hosts.items()}


def _nodes(specs: Specs) -> dict[str, dict[str, Any]]:
    """Every node of some specs, with every domain."""
    nodes: dict[str, dict[str, Any]] = {}
    for spec in specs:
        for name, node in spec["nodes"].items():
            known = nodes.setdefault(name, {**node, "domains": {}})
            known["domains"] |= node["domains"]
    return nodes


def main() -> int:
    """SPEC; returns the exit status."""
    spec = json.loads(sys.argv[1])
    try:
        with open_testbed(spec, {}) as testbed:
            printed = {
                domain: testbed.run(domain, argv(LINKS), PATIENCE_S)["output"]
                for node in spec["nodes"].values()
                for domain in node["domains"]
            }
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(printed, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
