"""Tries everything that a campaign will need, changes nothing, and says how to mend what is wrong.

python -m vcperf doctor [CAMPAIGN.yaml]
"""

import argparse
import json
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vcperf.basics.context import of_testbed
from vcperf.commands.doctor_checks import (
    FAIL,
    Check,
    of_guests,
    of_hosts,
    of_profiles,
    of_programs,
    of_settings,
    of_stacks,
    of_this_machine,
)
from vcperf.commands.doctor_paths import of_paths
from vcperf.commands.doctor_slurm import of_slurm
from vcperf.config import campaign_file
from vcperf.planning.cell import Block
from vcperf.preparation import campaign
from vcperf.testbeds import programs


def main(argv: list[str]) -> int:
    """Print one line per check. Returns 0, or 1 when something keeps the campaign from being
    measured. Raises VcperfError for a configuration that cannot be planned."""
    parser = argparse.ArgumentParser(prog="vcperf doctor", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    sources = campaign_file.sources_of(parser.parse_args(argv).campaign)
    ready = campaign.prepare(campaign_file.merged(sources), sources)
    os.environ["PATH"] = programs.search_path()  # as blocks have it
    count, missing = ready.lacking()
    done = len(ready.wanted()) - count
    checks = [Check("configuration", f"{done} blocks done, {count} to measure")]
    checks += of_this_machine(count)
    checks += of_programs(ready, missing)
    checks += of_stacks(missing)
    checks += of_profiles(ready, missing)
    checks += of_guests(missing)
    checks += _of_testbeds(missing, json.loads(os.environ["VCPERF_CONTEXT"]))
    checks += of_slurm()
    print(report(checks))
    return int(any(check.verdict == FAIL for check in checks))


def _of_testbeds(missing: Collection[Block], whole: Mapping[str, Any]) -> Iterator[Check]:
    """The hosts of each testbed, whether its domains reach each other, and what they are set to.

    Args:
        missing: blocks to be measured.
        whole: the context of all testbeds.
    """
    by_testbed: dict[str, list[Block]] = {}
    for block in missing:
        by_testbed.setdefault(block.cell.spec["testbed"], []).append(block)
    contexts = {testbed: of_testbed(whole, testbed) for testbed in by_testbed}
    # Testbeds with one configuration of ssh may have hosts in common: each is asked once.
    by_config: dict[str | None, list[Block]] = {}
    for testbed, own in by_testbed.items():
        by_config.setdefault(contexts[testbed].get("ssh_config"), []).extend(own)
    silent: set[str] = set()
    for config, own in by_config.items():
        faults, checks = of_hosts(own, config)
        silent |= faults
        yield from checks
    for testbed, own in by_testbed.items():
        yield from of_paths(own, contexts[testbed], silent)
    for testbed, own in by_testbed.items():
        yield from of_settings(own, contexts[testbed], silent)


def report(checks: list[Check]) -> str:
    """The checks as text: verdict, what was looked at, what was found and how to mend it."""
    width = max(len(check.what) for check in checks)
    lines = []
    for check in checks:
        mend = f"; {check.mend}" if check.mend else ""
        lines.append(f"{check.verdict:<5} {check.what:<{width}}  {check.found}{mend}")
    worst = sum(check.verdict == FAIL for check in checks)
    doubts = sum(check.verdict != FAIL and bool(check.mend) for check in checks)
    lines.append("")
    if worst:
        lines.append(f"{worst} of {len(checks)} checks failed: mend these first")
    elif doubts:
        lines.append(
            f"it can be measured; {doubts} of {len(checks)} checks would make results worse"
        )
    else:
        lines.append("all is well")
    return "\n".join(lines)
