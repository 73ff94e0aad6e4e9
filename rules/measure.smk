# One job a block. Its record is keyed by its spec: the path holds the spec's hash.


rule measure_netperf:
    output:
        record="results/raw/{testbed}/netperf/{cell}/{block}.json",
    log:
        "results/logs/netperf/{testbed}/{cell}/{block}.log",
    priority: lambda wildcards: -PLAN.by_record[wildcards.cell, wildcards.block].order
    conda:
        "../envs/vcperf.yaml"
    # All cores: nothing else runs on the host meanwhile.
    threads: workflow.cores
    params:
        spec=lambda wildcards: PLAN.by_record[wildcards.cell, wildcards.block].spec_json,
    # The context is in the text, not in params: it decides no result, so it reruns nothing.
    # exec: so that the measurement is tied to Snakemake itself. -S: the measurement
    # needs the standard library alone, and starts faster without the rest.
    shell:
        "exec scripts/isolate {wildcards.testbed} python3 -S -m vcperf.measure.netperf"
        " {params.spec:q} {output.record:q} {CAMPAIGN.context:q} 2> {log:q}"
