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
    priority: order_of
    conda:
        "../envs/vcperf.yaml"
    threads: cores()
    resources:
        **{name: holding(name) for name in CAMPAIGN.resources},
    params:
        command=command_of,
    shell:
        "{params.command} 2> {log:q}"
