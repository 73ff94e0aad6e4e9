"""Snakemake script: the campaign's plan as a table."""

import pandas as pd

from vcperf import campaign, decided
from vcperf.tables import plan as table
from vcperf.tables.read import whole_sizes


def main(config: dict, testbeds: list[str], cpus: tuple[int, ...], output: str) -> None:
    """Plan the campaign again, as the Snakefile did, and write it down."""
    checked = decided.with_points(campaign.checked(config))
    hosts = campaign.hosts(checked, testbeds, cpus)
    plan = campaign.plan(checked, hosts, decided=decided.read())
    rows = pd.DataFrame(table.rows(plan), columns=list(table.COLUMNS))
    whole_sizes(rows).to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.config,
        list(snakemake.params.testbeds),
        tuple(snakemake.params.cpus),
        snakemake.output.plan,
    )
