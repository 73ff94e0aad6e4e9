# One job a block. Its record is keyed by its spec: the path holds the spec's hash.


rule measure_netperf:
    output:
        record="results/raw/{testbed}/netperf/{cell}/{block}.json",
    params:
        spec=lambda wildcards: PLAN.by_record[wildcards.cell, wildcards.block].spec_json,
    priority: lambda wildcards: -PLAN.by_record[wildcards.cell, wildcards.block].order
    # All cores: nothing else runs on the host meanwhile.
    threads: workflow.cores
    log:
        "results/logs/netperf/{testbed}/{cell}/{block}.log",
    conda:
        "../envs/vcperf.yaml"
    # exec: so that the measurement is tied to Snakemake itself. -S: the measurement
    # needs the standard library alone, and starts faster without the rest.
    shell:
        "exec scripts/isolate {wildcards.testbed} python3 -S -m vcperf.measure.netperf"
        " {params.spec:q} {output.record:q} 2> {log:q}"
