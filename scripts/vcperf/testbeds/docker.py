"""Testbed `docker`: each domain a container of Docker, started by a daemon of the block's own."""

from __future__ import annotations

import sys

from vcperf.testbeds import container_trial, programs
from vcperf.testbeds.container_holding import rootless
from vcperf.testbeds.container_testbed import ContainerTestbed, mode_of
from vcperf.testbeds.docker_engine import KEYS, Docker

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vcperf.testbeds import contract
    from vcperf.testbeds.container_engine import Engine

PACKAGES = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
}


class DockerTestbed(ContainerTestbed):
    """Domains as containers of Docker."""

    name = "docker"
    isolation = "namespaces"
    tools: Mapping[str, str] = {**ContainerTestbed.tools, **PACKAGES}

    def engine_of(self) -> Engine:
        """Docker."""
        return Docker()

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have it: a program is missing, or a container is refused."""
        if rootless():
            return "Docker's daemon needs root; run as root, or use testbed podman"
        return programs.missing(PACKAGES) or container_trial.fault("docker", [KEYS])

    @staticmethod
    def options(section: Mapping[str, Any]) -> dict[str, Any]:
        """The network mode."""
        return {"network": mode_of(section)}


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.LocalClass] = DockerTestbed
    _opened: type[contract.Testbed] = DockerTestbed
    _sampled: type[contract.SampledHere] = DockerTestbed

if __name__ == "__main__":
    sys.exit(container_trial.main(DockerTestbed))
