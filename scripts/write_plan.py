"""Snakemake script: the campaign's plan as a table."""

import pandas as pd

from vcperf import campaign, site, tables
from vcperf.campaign import Host


def main(config: dict, testbed: str, cpus: tuple[int, ...], output: str) -> None:
    """Plan the campaign again, as the Snakefile did, and write it down."""
    checked = campaign.checked(config)
    plan = campaign.plan(checked, Host(testbed, cpus, site.read(checked)))
    rows = pd.DataFrame(tables.plan_rows(plan), columns=list(tables.PLAN_COLUMNS))
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.config,
        snakemake.params.testbed,
        tuple(snakemake.params.cpus),
        snakemake.output.plan,
    )
