"""What the engines of containers have in common: the folder of a block, in which they keep all
that they keep, on a file system in the block's own mount namespace, at the same path in every
block.
"""

from __future__ import annotations

import re

from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import child

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Sequence
    from typing import Protocol

    Inside = Callable[[str, list[str]], list[str]]
    """node, command -> the command in the network namespace of the node."""

    class Engine(Protocol):
        """An engine in the namespaces of a block."""

        runtime: str
        """What starts containers: `runc` or `crun`."""

        def set_up(self, nodes: Iterable[str], inside: Inside) -> str:
            """Make the folder, the configuration and the image, and what must run beside.

            Args:
                nodes: nodes; each has networks of its own.
                inside: see `Inside`.

            Returns the image's name. Raises VcperfError.
            """

        def argv(self, node: str, words: Sequence[str]) -> list[str]:
            """A command of the engine about a node's containers."""

        def network_words(self, driver: str) -> list[str]:
            """Options of `network create` for a driver of networks."""

        def run_words(self, domain: str) -> list[str]:
            """Options of `run` beside the common ones."""

        def first_pid(self, node: str, domain: str) -> int:
            """The first process of a domain's container. Raises VcperfError."""

        def enter_argv(self, node: str, container: str) -> list[str]:
            """A prefix that runs a command in a container, as its runtime starts it: in all its
            namespaces and control groups, with its capabilities and filter of system calls. It is
            the runtime and no `exec` of the engine, which takes three times as long."""

        def version(self) -> str:
            """The engine and its version, as `podman 4.3.1`."""


RUN = "/run"  # where runtimes and netavark keep what runs
SHM = "/dev/shm"  # noqa: S108 - mounted empty, in a mount namespace of the block
STATE = f"{RUN}/vcperf"
IMAGES = f"{STATE}/root"
SHARED = f"{STATE}/shared"  # a folder that all containers see at this path
BRIDGE = "podman1"  # the first bridge of a network namespace that podman makes
PATIENCE_S = 60.0
# A user may not make every folder; the engine then keeps what would be there to itself.
HIDE = """
for folder; do
    [ -d "$folder" ] || mkdir -p "$folder" || continue
    mount -t tmpfs -o mode=755 tmpfs "$folder" || exit
done
"""


def hide(*folders: str) -> None:
    """Mount folders empty, in the mount namespace that we are in. Raises VcperfError."""
    done(child.start(["sh", "-c", HIDE, "sh", *folders]), "a folder of the block's own")


def done(process: subprocess.Popen[bytes], what: str) -> str:
    """What a command printed, once it has ended well.

    Args:
        process: as `vcperf.testbeds.child.start` started it, its errors in its output.
        what: what it makes, for the error message.

    Raises VcperfError.
    """
    try:
        output, _ = child.read_to_end(process, PATIENCE_S)
    except child.Unfinished as fault:
        child.kill(process)
        process.wait()
        raise VcperfError(f"{what}: it {fault}") from None
    printed = child.text(output)
    if process.wait() != 0:
        raise VcperfError(f"{what}: {fault_in(printed)}")
    return printed


def fault_in(printed: str) -> str:
    """The line that says why a command of an engine failed.

    >>> fault_in("Error: no such image")
    'no such image'
    >>> text = "docker: Error response from daemon: CPUs 4711.\\nSee 'docker run --help'."
    >>> fault_in(text)
    'CPUs 4711.'
    """
    hints = ("See 'docker ", "Run 'docker ")
    lines = [line for line in printed.splitlines() if not line.startswith(hints)]
    said = last_line("\n".join(lines)).removeprefix("docker: ").removeprefix("Error: ")
    return said.removeprefix("Error response from daemon: ")


def version(text: str) -> str:
    """The number in a program's answer.

    >>> version("podman version 4.3.1"), version("runc version 1.1.5+ds1")
    ('4.3.1', '1.1.5')
    """
    found = re.search(r"\d+(?:\.\d+)+", text)
    return found[0] if found else ""
