"""The nodes that a batch system gave a campaign, as a testbed file, and for the next job."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from vcperf.basics.files import write_whole
from vcperf.basics.results import on_disk
from vcperf.config.files import Config
from vcperf.errors import VcperfError

FOLDER = "results/slurm"
KEPT = f"{FOLDER}/nodes.json"
TESTBED_FILE = f"{FOLDER}/testbed.yaml"


def kept() -> list[str]:
    """The nodes on which the campaign in this results folder began; empty for none.

    Its blocks stay on these nodes: results of other hosts are other results.
    """
    try:
        with open(on_disk(KEPT), encoding="utf-8") as handle:
            found = json.load(handle)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise VcperfError(f"{on_disk(KEPT)}: {error}; delete it to take any nodes") from None
    return [str(name) for name in found]


def keep(hosts: Sequence[str]) -> None:
    """Keep the nodes for the jobs that follow."""
    with write_whole(on_disk(KEPT)) as handle:
        handle.write(json.dumps(list(hosts)) + "\n")


def testbed_file(
    config: Config,
    hosts: Sequence[str],
    ssh_config: str | None = None,
    address: Callable[[str], str] = socket.gethostbyname,
) -> str:
    """Write a testbed file in which the campaign's nodes are these hosts, in this order.

    Args:
        config: a checked configuration.
        hosts: as many as it has nodes; each is its ssh destination too.
        ssh_config: a configuration file for ssh; None for the user's own.
        address: host -> its IPv4 address.

    Returns the file's absolute path. Raises VcperfError when the numbers differ, or a host has no
    address.
    """
    if len(hosts) != len(config["nodes"]):
        raise VcperfError(
            f"nodes: the campaign has {len(config['nodes'])} ({', '.join(config['nodes'])}), and"
            f" {len(hosts)} were asked for; give NODES={len(config['nodes'])}, or change `nodes`"
        )
    nodes: dict[str, Any] = {}
    for (name, node), host in zip(config["nodes"].items(), hosts, strict=True):
        try:
            at = address(host)
        except OSError as error:
            raise VcperfError(f"{host}: no IPv4 address: {error}") from None
        nodes[name] = {"ssh": host, "domains": {d: {"address": at} for d in node["domains"]}}
    content: dict[str, Any] = {"nodes": nodes}
    if ssh_config:
        content["ssh_config"] = os.path.abspath(ssh_config)
    path = os.path.abspath(on_disk(TESTBED_FILE))
    with write_whole(path) as handle:
        json.dump(content, handle, indent=1)  # JSON is YAML too
        handle.write("\n")
    return path
