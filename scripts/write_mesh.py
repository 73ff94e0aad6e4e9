"""Snakemake script: a mesh in rounds, for the jobs that measure it."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

import json

from vcperf.basics.files import write_whole
from vcperf.errors import told_in_one_line
from vcperf.preparation import planned_again

if __name__ == "__main__":
    with told_in_one_line(), write_whole(snakemake.output.mesh) as handle:
        plan = planned_again.plan(
            snakemake.config, snakemake.params.testbeds, snakemake.params.cpus
        )
        json.dump(plan.mesh.content, handle)
