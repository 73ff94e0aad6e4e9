"""Snakemake script: the campaign's plan as a table."""

import pandas as pd

from vcperf import blockcounts, campaign, site
from vcperf.layout import Host
from vcperf.tables import plan as table


def main(config: dict, testbed: str, cpus: tuple[int, ...], output: str) -> None:
    """Plan the campaign again, as the Snakefile did, and write it down."""
    checked = campaign.checked(config)
    host = Host(testbed, cpus, site.read(checked))
    plan = campaign.plan(checked, host, decided=blockcounts.read())
    rows = pd.DataFrame(table.rows(plan), columns=list(table.COLUMNS))
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.config,
        snakemake.params.testbed,
        tuple(snakemake.params.cpus),
        snakemake.output.plan,
    )
