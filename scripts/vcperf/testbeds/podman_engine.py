"""podman, told to keep all that it keeps in a folder of the block.

The folder is at the same path in every block, as podman's database has it. No configuration, image
or lock of the user's own podman is read or written. Formats: containers.conf(5),
containers-storage.conf(5).
"""

from __future__ import annotations

import os

from vcperf.testbeds import cgroups, child, container_image
from vcperf.testbeds.container_engine import (
    IMAGES,
    PATIENCE_S,
    RUN,
    SHARED,
    SHM,
    STATE,
    done,
    hide,
    version,
)

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcperf.testbeds.container_engine import Engine, Inside

CACHE = "/var/lib/containers"  # what podman remembers of registries is there in any case
MOST = 1048576  # of a limit that podman would raise, which some hosts refuse
# crun refuses a folder of control groups of both versions, also where it makes none.
ONE_VERSION = '[ ! -d "$1" ] || mount --bind "$1" "${1%/*}"'
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


class Podman:
    """podman in the namespaces of a block.

    Args:
        runtime: what starts containers: `runc` or `crun`.
        no_groups: whether containers have no control groups.
    """

    def __init__(self, runtime: str, no_groups: bool = False) -> None:
        self.runtime, self.no_groups = runtime, no_groups

    def set_up(self, nodes: Iterable[str], inside: Inside) -> str:
        """Make the folder, the configuration and the image.

        Args:
            nodes: nodes; each has networks of its own.
            inside: nothing runs in the nodes' networks before containers do.

        Returns the image's name. Raises VcperfError.
        """
        hide(RUN, SHM, CACHE)
        if self.no_groups:
            bound = ["sh", "-c", ONE_VERSION, "sh", f"{cgroups.ROOT}/unified"]
            done(child.start(bound), "a folder of the block's own")
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
            words = ["import", "--quiet", tar, name]
            done(child.start(self.argv(first, words)), "the image")

        return container_image.provide(IMAGES, load, "podman")

    def argv(self, node: str, words: Sequence[str]) -> list[str]:
        """A command of podman about a node's containers."""
        settings = f"CONTAINERS_CONF={_configuration(node)}"
        return ["env", settings, f"CONTAINERS_STORAGE_CONF={STATE}/storage.conf", "podman", *words]

    def network_words(self, driver: str) -> list[str]:
        """No name is looked up, as every domain is known by its address."""
        return ["--disable-dns"]

    def run_words(self, domain: str) -> list[str]:
        """Where the number of its first process is to be written."""
        return [f"--pidfile={STATE}/{domain}.pid"]

    def first_pid(self, node: str, domain: str) -> int:
        """The first process of a domain's container."""
        with open(f"{STATE}/{domain}.pid", encoding="ascii") as handle:
            return int(handle.read())

    def enter_argv(self, node: str, container: str) -> list[str]:
        """By the runtime."""
        return [self.runtime, "exec", container]

    def version(self) -> str:
        """podman and its version."""
        return f"podman {version(child.run(['podman', '--version'], PATIENCE_S)[1])}"


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


if TYPE_CHECKING:  # mypy holds the class to the contract
    _engine: type[Engine] = Podman
