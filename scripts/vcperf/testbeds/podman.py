"""Testbed `podman`: each domain a container of podman, as root or as another user."""

from __future__ import annotations

import os
import sys

from vcperf.errors import VcperfError
from vcperf.testbeds import cgroups, container_trial, programs
from vcperf.testbeds.container_holding import rootless
from vcperf.testbeds.container_networks import MODES
from vcperf.testbeds.container_testbed import ContainerTestbed, mode_of
from vcperf.testbeds.podman_engine import CACHE, Podman

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vcperf.testbeds import contract
    from vcperf.testbeds.container_engine import Engine

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
        absent = MODES[mode_of(section)].host_fault()
        if absent:
            raise VcperfError(f"podman.network: {mode_of(section)}: {absent}")
        return {"network": mode_of(section), **chosen}


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
