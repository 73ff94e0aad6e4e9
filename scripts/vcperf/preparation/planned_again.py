"""The plan of a campaign, made again by a job of it."""

from __future__ import annotations

from collections.abc import Iterable

from vcperf.config import campaign_file
from vcperf.config.files import Config
from vcperf.planning import choices, homes, planner
from vcperf.planning.cell import Plan
from vcperf.preparation import mesh_paths
from vcperf.preparation.hosts import hosts_of


def plan(config: Config, testbeds: Iterable[str], cpus: Iterable[int]) -> Plan:
    """Plan the campaign again, as the Snakefile did.

    Args:
        config: the merged configuration, not checked.
        testbeds: its testbeds, `auto` resolved.
        cpus: the CPUs of this machine that it may use.

    Raises VcperfError as `vcperf.preparation.campaign.prepare`.
    """
    checked = mesh_paths.with_paths(choices.with_points(campaign_file.checked(config)), [])
    hosts = hosts_of(checked, list(testbeds), tuple(cpus))
    return planner.plan(checked, hosts, (), choices.read(), homes.settled)
