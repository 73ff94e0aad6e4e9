"""Testbed `podman`: each domain a container of podman, as root or as another user."""

from __future__ import annotations

import os
import sys

from vcperf.errors import VcperfError
from vcperf.testbeds import cgroups, container_trial, programs, shaping
from vcperf.testbeds.container_holding import rootless
from vcperf.testbeds.container_networks import MODES
from vcperf.testbeds.container_testbed import ContainerTestbed
from vcperf.testbeds.podman_engine import CACHE, Podman

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vcperf.testbeds import contract
    from vcperf.testbeds.container_engine import Engine
    from vcperf.tools.host_settings import Settings

PACKAGES = {
    "podman": "podman, netavark, iptables and runc (Debian: packages of these names)",
    "iptables": "iptables",
}
ROOTLESS = "crun"  # the runtime that can do without control groups


class PodmanTestbed(ContainerTestbed):
    """Domains as containers of podman."""

    name = "podman"
    isolation = "namespaces"
    tools: Mapping[str, str] = {**ContainerTestbed.tools, **PACKAGES}

    def engine_of(self) -> Engine:
        """podman, with the runtime of the spec."""
        chosen = self.spec.get("runtime") or runtime()
        return Podman(chosen, self.spec.get("rootless", False))

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have it: a program is missing, or a container is refused."""
        absent = programs.missing(PACKAGES)
        if absent:
            return absent
        if not runtime():
            wanted = "crun, which is for users who are not root" if rootless() else "crun or runc"
            return f"not found: {wanted}; install {'crun' if rootless() else 'runc'}"
        why = container_trial.fault("podman", [CACHE])
        return f"{why}; run as root" if why and rootless() else why

    @staticmethod
    def options(section: Mapping[str, Any]) -> dict[str, Any]:
        """The network mode, the runtime where one is chosen, and whether it is without root."""
        chosen = {"runtime": section["runtime"]} if "runtime" in section else {}
        if rootless():
            if chosen.get("runtime", ROOTLESS) != ROOTLESS:
                raise VcperfError(
                    f"podman.runtime: {chosen['runtime']} starts no container without a control"
                    f" group, which needs root; use {ROOTLESS}, or run as root"
                )
            chosen["rootless"] = True
        absent = MODES[_mode(section)].host_fault()
        if absent:
            raise VcperfError(f"podman.network: {_mode(section)}: {absent}")
        return {"network": _mode(section), **chosen}

    @staticmethod
    def link(section: Mapping[str, Any]) -> dict[str, Any]:
        """The rate of the link, and its bucket."""
        if not MODES[_mode(section)].joins_nodes:
            raise VcperfError(
                f"podman.network: {_mode(section)} does not join nodes;"
                " name paths within one, or use bridge"
            )
        return shaping.spec_of(section)

    @staticmethod
    def settings(
        specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """This machine's, and those of each domain's network."""
        from vcperf.testbeds import settings  # its imports are not for blocks

        return settings.of_namespaces("podman", specs)


def _mode(section: Mapping[str, Any]) -> str:
    """The network mode of a section of the configuration, or of a spec."""
    return str(section.get("network", "bridge"))


def runtime() -> str:
    """The runtime that starts containers here; empty when there is none. crun refuses hosts with
    control groups of both versions, unless it makes none."""
    import shutil

    new = os.path.exists(f"{cgroups.ROOT}/cgroup.controllers")
    names = ["crun", "runc"] if new else ["runc", "crun"]
    if rootless():
        names = [ROOTLESS]
    return next((n for n in names if shutil.which(n, path=programs.search_path())), "")


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.LocalClass] = PodmanTestbed
    _opened: type[contract.Testbed] = PodmanTestbed
    _sampled: type[contract.SampledHere] = PodmanTestbed

if __name__ == "__main__":
    sys.exit(container_trial.main(PodmanTestbed, rootless=rootless()))
