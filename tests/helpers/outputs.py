"""What the default campaign, on two testbeds, makes of its records."""

import yaml

from helpers.config import DEFAULT
from helpers.figures import read
from helpers.plans import plan_of
from vcperf.config import campaign_file
from vcperf.preparation.campaign import Campaign
from vcperf.preparation.hosts import host_of
from vcperf.preparation.outputs import Outputs


def outputs_of(*names: str, folder, claims=("one",)) -> Outputs:
    """The outputs, with figures of these names; without names, with those of a campaign that
    describes none.

    Args:
        folder: for the file that describes the figures.
        claims: the names of its claims.
    """
    series = [{"label": "x", "where": {}}]
    figure = {"title": "x", "metrics": ["throughput_mbps"], "series": series}
    path = folder / "figures.yaml"
    path.write_text(yaml.safe_dump({"figures": dict.fromkeys(names, figure)}))
    clean = campaign_file.checked({**DEFAULT, "figures": str(path)})
    hosts = tuple(host_of(testbed, (0, 1)) for testbed in ("netns", "native"))
    figures = (
        {name: {**figure, "bands": []} for name, figure in read(path).items()} if names else {}
    )
    campaign = Campaign(
        config=clean,
        hosts=hosts,
        baseline="native",
        plan=plan_of({}, hosts),
        figures=figures or None,
        claims={name: {} for name in claims},
        digest="digest",
    )
    return Outputs(campaign, clean)
