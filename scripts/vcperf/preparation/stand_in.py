"""Is netperf to be had on this machine? Where it is not, iperf3 measures in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcperf import kinds
from vcperf.basics.results import on_disk
from vcperf.kinds import stand_in
from vcperf.preparation import testbed_file
from vcperf.testbeds import programs


def chosen(config: Mapping[str, Any]) -> str:
    """Why iperf3 is to measure in place of netperf, in one line; empty when it is not to.

    Args:
        config: what `vcperf.config.campaign_file.checked` returned, its results placed.

    It is, when the configuration leaves that open, this machine has iperf3 and no netperf, and no
    block of netperf is among the results: a campaign that has begun with one tool goes on with it.
    """
    if config.get(stand_in.KEY, stand_in.AUTO) != stand_in.AUTO or testbed_file.KEY in config:
        return ""
    absent, instead = (
        programs.missing(kinds.CARDS[kind].tools)
        for kind in (stand_in.REPLACED, stand_in.REPLACING)
    )
    if not absent or instead or not stand_in.possible(config) or _measured():
        return ""
    lost = stand_in.lost(config)
    without = f"; without {', '.join(lost)}, which it cannot give" if lost else ""
    name = absent.partition(";")[0]
    forbid = f"{stand_in.KEY}: never forbids it"
    return f"{name}: iperf3 measures in place of netperf{without} ({forbid})"


def _measured() -> bool:
    raw = Path(on_disk("results/raw"))
    return any(raw.glob(f"*/{stand_in.REPLACED}/*/*.json"))
