"""Snakemake script: the campaign's plan as a table."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

from vcperf.config import campaign_file
from vcperf.planning import choices, homes, planner
from vcperf.preparation import mesh_paths
from vcperf.preparation.hosts import hosts_of
from vcperf.tables import plan as table
from vcperf.tables.write import write_table


def main(config: dict, testbeds: list[str], cpus: tuple[int, ...], output: str) -> None:
    """Plan the campaign again, as the Snakefile did, and write it down."""
    checked = mesh_paths.with_paths(choices.with_points(campaign_file.checked(config)), [])
    hosts = hosts_of(checked, testbeds, cpus)
    plan = planner.plan(checked, hosts, (), choices.read(), homes.settled)
    write_table(table.whole(plan), output)


if __name__ == "__main__":
    main(
        snakemake.config,
        list(snakemake.params.testbeds),
        tuple(snakemake.params.cpus),
        snakemake.output.plan,
    )
