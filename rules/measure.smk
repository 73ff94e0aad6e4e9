# One job per block that has no record. The path holds the hash of the block's spec, so the
# path alone decides whether a block has been measured: no edit of this rule measures it again.
# Each node, and each link that nodes share, is a resource of which there is one.


rule measure:
    input:
        programs=programs_of,
    output:
        record="results/raw/{testbed}/{kind}/{cell}/{block}.json",
    log:
        "results/logs/{kind}/{testbed}/{cell}/{block}.log",
    priority: lambda wildcards: -PLAN.by_record[wildcards.cell, wildcards.block].order
    conda:
        "../envs/vcperf.yaml"
    # On nodes of their own the measurement only waits here. Else all cores: nothing else runs on
    # this machine meanwhile.
    threads: lambda wildcards: 1 if wildcards.testbed in CAMPAIGN.elsewhere else workflow.cores
    resources:
        **{name: partial(holds, name) for name in CAMPAIGN.resources},
    params:
        spec=lambda wildcards: PLAN.by_record[wildcards.cell, wildcards.block].spec_json,
    # exec: so that the measurement is tied to Snakemake itself. -S: the measurement
    # needs the standard library alone, and starts faster without the rest.
    shell:
        f"exec {HERE}scripts/isolate"
        " {wildcards.testbed} python3 -S -m vcperf.measure.{wildcards.kind}"
        ' {params.spec:q} {output.record:q} "$VCPERF_CONTEXT" 2> {log:q}'
