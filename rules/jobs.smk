# Blocks by jobs of a batch system: one job per list of blocks. It is a workflow by itself: `make
# jobs` writes the lists, and calls Snakemake with a profile (profiles/slurm, profiles/sge).
#
# Records are no outputs of a job, since Snakemake deletes the outputs of a job that fails: each
# record of a block that was finished stays.

import json
from pathlib import Path

FOLDER = config["folder"]
ROOT = config["checkout"]
LISTS = {
    path.stem: json.loads(path.read_text()) for path in Path(FOLDER).glob("*.json")
}


def wanted(key):
    """What a job asks of the batch system."""
    return lambda wildcards: LISTS[wildcards.job][key]


rule all:
    default_target: True
    input:
        expand("{folder}/{job}.done", folder=FOLDER, job=LISTS),


rule measure_blocks:
    input:
        blocks="{folder}/{job}.json",
    output:
        done=touch("{folder}/{job}.done"),
    log:
        "{folder}/{job}.log",
    resources:
        slurm_extra=wanted("slurm_extra"),
        nodes=wanted("nodes"),
        tasks=wanted("nodes"),
        runtime=wanted("minutes"),
        seconds=lambda wildcards: 60 * LISTS[wildcards.job]["minutes"],
        any_host=lambda wildcards: LISTS[wildcards.job]["hosts"].replace(",", "|"),
        # No number: all CPUs of the node, whatever it has.
        cpus_per_task=-1,
    params:
        start=f"{ROOT}/scripts/on-node",
        checkout=ROOT,
    shell:
        "{params.start:q} {params.checkout:q} measure-blocks {input.blocks:q} 2> {log:q}"
