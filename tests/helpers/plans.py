"""Plans of the default configuration with a change."""

import yaml

from helpers.config import DEFAULT, DEFAULT_FILE
from vcperf.config import campaign_file, files
from vcperf.planning import planner
from vcperf.planning.layout import Host
from vcperf.preparation import campaign
from vcperf.preparation.hosts import host_of

HOST = host_of("netns", (0, 1))


def plan_of(change: dict, host: Host = HOST, tmp=None, counts=None):
    """The plan of the default configuration with a change.

    Args:
        host: what measures it, or a list of such.
        tmp: a folder for a file of the change, which errors name then.
        counts: cell name -> blocks that the stopping rule decided on.
    """
    sources = [DEFAULT_FILE]
    if tmp:
        overlay = tmp / "campaign.yaml"
        overlay.write_text(yaml.safe_dump(change))
        sources.append(overlay)
    clean = campaign_file.checked(files.merge(DEFAULT, change), sources)
    return planner.plan(clean, host, sources, decided=counts)


def prepared(overlay) -> campaign.Campaign:
    """The campaign of a file that lies over the default, prepared as Snakemake does it."""
    sources = [DEFAULT_FILE, overlay]
    return campaign.prepare(campaign_file.merged(sources), sources)
