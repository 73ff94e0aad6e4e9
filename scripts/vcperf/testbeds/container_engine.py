"""podman, told to keep all that it keeps in a folder of the block.

The folder is on a file system in the block's own mount namespace, at the same path in every
block, as podman's database has it. No configuration, image or lock of the user's own podman is
read or written. Formats: containers.conf(5), containers-storage.conf(5).
"""

from __future__ import annotations

import os
import re

from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import cgroups, child, container_image

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Sequence

RUN = "/run"  # where runtimes and netavark keep what runs
SHM = "/dev/shm"  # noqa: S108 - mounted empty, in a mount namespace of the block
CACHE = "/var/lib/containers"  # what podman remembers of registries is there in any case
STATE = f"{RUN}/vcperf"
IMAGES = f"{STATE}/root"
SHARED = f"{STATE}/shared"  # a folder that all containers see at this path
BRIDGE = "podman1"  # the first bridge of a network namespace
PATIENCE_S = 60.0
MOST = 1048576  # of a limit that podman would raise, which some hosts refuse
# A user may not make the folder CACHE, and podman then keeps what it remembers to itself.
# crun refuses a folder of control groups of both versions, also where it makes none.
HIDE = """
unified=$1 && shift
for folder; do
    [ -d "$folder" ] || mkdir -p "$folder" || continue
    mount -t tmpfs -o mode=755 tmpfs "$folder" || exit
done
[ ! -d "$unified" ] || mount --bind "$unified" "${unified%/*}"
"""
# vfs, as an overlay is refused on some hosts: an image of some megabytes is copied quickly.
STORAGE = f"""[storage]
driver = "vfs"
graphroot = "{IMAGES}"
runroot = "{STATE}/runroot"
"""
CONTAINERS = """[containers]
default_ulimits = [{limits}]
[network]
network_backend = "netavark"
network_config_dir = "{networks}"
[engine]
runtime = "{runtime}"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "{state}/tmp"
"""


class Engine:
    """podman in the namespaces of a block.

    Args:
        runtime: what starts containers: `runc` or `crun`.
        no_groups: whether containers have no control groups.
    """

    def __init__(self, runtime: str, no_groups: bool = False) -> None:
        self.runtime, self.no_groups = runtime, no_groups

    def set_up(self, nodes: Iterable[str]) -> str:
        """Make the folder, the configuration and the image.

        Args:
            nodes: nodes; each has networks of its own.

        Returns the image's name. Raises VcperfError.
        """
        unified = f"{cgroups.ROOT}/unified" if self.no_groups else ""
        hide = ["sh", "-c", HIDE, "sh", unified, RUN, SHM, CACHE]
        done(child.start(hide), "a folder of the block's own")
        for folder in (SHARED, f"{STATE}/nodes"):
            os.makedirs(folder)
        _write(f"{STATE}/storage.conf", STORAGE)
        for node in nodes:
            networks = f"{STATE}/nodes/{node}.networks"
            text = CONTAINERS.format(
                limits=_limits(), networks=networks, runtime=self.runtime, state=STATE
            )
            _write(_configuration(node), text)
        first = next(iter(nodes))

        def load(tar: str, name: str) -> None:
            self.run(first, ["import", "--quiet", tar, name], "the image")

        return container_image.provide(IMAGES, load)

    def argv(self, node: str, words: Sequence[str]) -> list[str]:
        """A command of podman about a node's containers."""
        settings = f"CONTAINERS_CONF={_configuration(node)}"
        return ["env", settings, f"CONTAINERS_STORAGE_CONF={STATE}/storage.conf", "podman", *words]

    def run(self, node: str, words: Sequence[str], what: str) -> str:
        """Run a command of podman to its end; what it printed. Raises VcperfError."""
        return done(child.start(self.argv(node, words)), what)

    def enter_argv(self, container: str) -> list[str]:
        """A prefix that runs a command in a container, as its runtime starts it: in all its
        namespaces and control groups, with its capabilities and filter of system calls. It is
        the runtime and no `podman exec`, which takes three times as long."""
        return [self.runtime, "exec", container]


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
        raise VcperfError(f"{what}: podman {fault}") from None
    printed = child.text(output)
    if process.wait() != 0:
        raise VcperfError(f"{what}: {last_line(printed).removeprefix('Error: ')}")
    return printed


def version(text: str) -> str:
    """The number in a program's answer.

    >>> version("podman version 4.3.1"), version("runc version 1.1.5+ds1")
    ('4.3.1', '1.1.5')
    """
    found = re.search(r"\d+(?:\.\d+)+", text)
    return found[0] if found else ""


def _configuration(node: str) -> str:
    return f"{STATE}/nodes/{node}.conf"


def _limits() -> str:
    """This process's own limits, so that no runtime has to raise one."""
    import resource

    limits = []
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(number)[1]
        most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
        limits.append(f'"{name}={most}:{most}"')
    return ", ".join(limits)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)
