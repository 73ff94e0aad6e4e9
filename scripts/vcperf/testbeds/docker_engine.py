"""Docker, with a daemon of the block's own for each node, in the node's network namespace.

The user's own daemon is not asked, and none of its configuration, images or folders are read or
written: a daemon keeps its key in /etc/docker, so that folder is empty in the block. Formats:
dockerd(8), docker-run(1).
"""

from __future__ import annotations

import os
import time

from vcperf.errors import VcperfError
from vcperf.testbeds import child, container_image
from vcperf.testbeds.container_engine import (
    BRIDGE,
    IMAGES,
    PATIENCE_S,
    RUN,
    SHARED,
    SHM,
    STATE,
    done,
    fault_in,
    hide,
    version,
)

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Sequence

    from vcperf.testbeds.container_engine import Engine, Inside

KEYS = "/etc/docker"
TAR = f"{IMAGES}/image.tar"
# Where the folder of keys is not there, it would be made: in a copy of /etc then.
OWN_ETC = """
mkdir "$1" && cp -a /etc/. "$1" && mount --bind "$1" /etc
"""


class Docker:
    """Docker in the namespaces of a block."""

    runtime = "runc"

    def __init__(self) -> None:
        self._daemons: list[subprocess.Popen[bytes]] = []

    def set_up(self, nodes: Iterable[str], inside: Inside) -> str:
        """Make the folder, the image, and a daemon for each node.

        Args:
            nodes: nodes; each has networks of its own.
            inside: brings a command into the network namespace of a node.

        Returns the image's name. Raises VcperfError.
        """
        hide(RUN, SHM)
        os.makedirs(SHARED)
        if os.path.isdir(KEYS):
            hide(KEYS)
        else:
            own = ["sh", "-c", OWN_ETC, "sh", f"{STATE}/etc"]
            done(child.start(own), "a folder of the block's own")
        _write(f"{STATE}/daemon.json", "{}")
        image = container_image.provide(IMAGES, _keep, "docker")
        for node in nodes:
            os.makedirs(f"{STATE}/{node}")
        # Beside each other, their output in files: nobody reads it while they run.
        self._daemons = [_start(inside(node, _daemon_argv(node)), node) for node in nodes]
        for node, daemon in zip(nodes, self._daemons, strict=True):
            _await(node, daemon)
        loading = [child.start(self.argv(node, ["import", TAR, image])) for node in nodes]
        for process in loading:
            done(process, "the image")
        return image

    def argv(self, node: str, words: Sequence[str]) -> list[str]:
        """A command of docker about a node's containers."""
        return ["docker", "--host", f"unix://{_socket(node)}", *words]

    def network_words(self, driver: str) -> list[str]:
        """The name of the bridge."""
        named = f"--opt=com.docker.network.bridge.name={BRIDGE}"
        return [named] if driver == "bridge" else []

    def run_words(self, domain: str) -> list[str]:
        """Nothing: what is common is enough."""
        return []

    def first_pid(self, node: str, domain: str) -> int:
        """The first process of a domain's container."""
        words = ["inspect", "--format={{.State.Pid}}", domain]
        return int(done(child.start(self.argv(node, words)), f"domain {domain}: its container"))

    def enter_argv(self, node: str, container: str) -> list[str]:
        """By the runtime, which the daemon has told where to keep its state."""
        return [self.runtime, "--root", f"{STATE}/{node}/exec/runtime-runc/moby", "exec", container]

    def version(self) -> str:
        """Docker's daemon and its version."""
        return f"docker {version(child.run(['dockerd', '--version'], PATIENCE_S)[1])}"


def _daemon_argv(node: str) -> list[str]:
    """Without the usual bridge, as a node has one of its own; firewall rules are as usual. vfs, as
    an overlay is refused on some hosts: an image of some megabytes is copied quickly."""
    folder = f"{STATE}/{node}"
    argv = ["dockerd", f"--host=unix://{_socket(node)}", f"--config-file={STATE}/daemon.json"]
    argv += [f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
    argv += [f"--pidfile={folder}/pid", "--bridge=none", "--storage-driver=vfs"]
    return [*argv, "--exec-opt=native.cgroupdriver=cgroupfs"]


def _socket(node: str) -> str:
    return f"{STATE}/{node}/socket"


def _log(node: str) -> str:
    return f"{STATE}/{node}/log"


def _start(argv: list[str], node: str) -> subprocess.Popen[bytes]:
    import subprocess

    with open(_log(node), "wb") as log:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _await(node: str, daemon: subprocess.Popen[bytes]) -> None:
    """Wait until a daemon answers. Raises VcperfError when it ends, or does not."""
    import socket

    deadline = time.monotonic() + PATIENCE_S
    while True:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE_S)
            try:
                asking.connect(_socket(node))
                # It listens before it is ready, and answers when it is.
                asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                if asking.recv(16).startswith(b"HTTP/1.0 200"):
                    return
            except OSError:
                pass
        if daemon.poll() is not None or time.monotonic() > deadline:
            with open(_log(node), encoding="utf-8", errors="replace") as log:
                why = fault_in(log.read())
            raise VcperfError(f"node {node}: dockerd does not start: {why}")
        time.sleep(0.01)


def _keep(tar: str, name: str) -> None:
    """Keep an image as the tar file that it is: a daemon's own folder is not to be copied."""
    import shutil

    os.makedirs(IMAGES)
    shutil.copy(tar, TAR)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)


if TYPE_CHECKING:  # mypy holds the class to the contract
    _engine: type[Engine] = Docker
