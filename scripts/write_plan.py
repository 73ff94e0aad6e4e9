"""Snakemake script: the campaign's plan as a table."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

from vcperf.preparation import planned_again
from vcperf.tables import plan as table


def main(config: dict, testbeds: list[str], cpus: tuple[int, ...], output: str) -> None:
    """Plan the campaign again, as the Snakefile did, and write it down."""
    table.write(planned_again.plan(config, testbeds, cpus), output)


if __name__ == "__main__":
    main(
        snakemake.config,
        list(snakemake.params.testbeds),
        tuple(snakemake.params.cpus),
        snakemake.output.plan,
    )
