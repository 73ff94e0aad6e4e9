"""Domains as an MPI launcher needs to know them."""

from __future__ import annotations

from collections import namedtuple


class Cluster(namedtuple("Cluster", "hosts interface agent launch place files", defaults=[()])):
    """Domains in which one MPI job runs.

    Args:
        hosts: an address for each rank, all the same where domains are one host.
        interface: the network interface that has it; its name is the same everywhere.
        agent: what the launcher calls to reach a host, as rsh; None for one host.
        launch: a prefix of the launcher, in the first domain.
        place: a prefix of each rank's command.
        files: paths, in every domain, of the files that were asked for.
    """

    hosts: list[str]
    interface: str
    agent: str | None
    launch: list[str]
    place: list[str]
    files: list[str]
