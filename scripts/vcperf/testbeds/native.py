"""Testbed `native`: each domain a set of plain processes on the host, talking over
loopback. The baseline, and what is left where namespaces are refused."""

from __future__ import annotations

from vcperf.testbeds.local import LocalTestbed


class NativeTestbed(LocalTestbed):
    """Domains that are nothing but their CPUs."""

    platform = "plain processes on one host"

    def anchor_argv(self, domain: str) -> list[str]:
        """A process that waits for the end of its input."""
        return [*self.enter_argv(domain), "sh", "-c", "echo ready; read -r _"]

    def enter_argv(self, domain: str) -> list[str]:
        """Tie a command to us: no namespace does it here."""
        return ["setpriv", "--pdeathsig", "KILL"]

    def address(self, domain: str) -> str:
        """Loopback: all domains are one host."""
        return "127.0.0.1"
