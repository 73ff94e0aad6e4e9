# From raw records to tidy tables.


rule netperf_table:
    input:
        plan="results/tables/plan.csv",
        records=lambda wildcards: wanted_records(),
        modules=[
            "scripts/vcperf/record.py",
            "scripts/vcperf/tables.py",
            "scripts/vcperf/tools/netperf.py",
        ],
    output:
        table="results/tables/netperf.csv",
    log:
        "results/logs/netperf_table.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        disturbed_percent=CAMPAIGN.config["disturbed_percent"],
        partial=CAMPAIGN.config["partial"],
    message:
        "Parsing the records of netperf"
    script:
        "../scripts/make_netperf_table.py"


rule netperf_summary:
    input:
        table="results/tables/netperf.csv",
        modules=[
            "scripts/vcperf/analysis/intervals.py",
            "scripts/vcperf/analysis/summary.py",
        ],
    output:
        summary="results/tables/netperf_summary.csv",
    log:
        "results/logs/netperf_summary.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        target_percent=CAMPAIGN.config["target_percent"],
    message:
        "Summarising netperf over the blocks of each cell"
    script:
        "../scripts/summarise_netperf.py"


rule claims:
    input:
        netperf="results/tables/netperf.csv",
        modules=[
            "scripts/vcperf/analysis/claims.py",
            "scripts/vcperf/analysis/effects.py",
            "scripts/vcperf/analysis/shapes.py",
        ],
    output:
        claims="results/tables/claims.csv",
    log:
        "results/logs/claims.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        claims=CAMPAIGN.claims,
    message:
        "Holding the claims against the tables"
    script:
        "../scripts/judge_claims.py"
