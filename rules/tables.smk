# From raw records to tidy tables.


rule table:
    input:
        plan="results/tables/plan.csv",
        records=lambda wildcards: wanted_records(wildcards.kind),
        modules=lambda wildcards: [
            "scripts/vcperf/record.py",
            "scripts/vcperf/tables/common.py",
            f"scripts/vcperf/tables/{wildcards.kind}.py",
            *[
                f"scripts/vcperf/tools/{tool}.py"
                for tool in kinds.TOOLS[wildcards.kind]
            ],
        ],
    output:
        table="results/tables/{kind}.csv",
    log:
        "results/logs/{kind}_table.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        disturbed_percent=CAMPAIGN.config["disturbed_percent"],
        partial=CAMPAIGN.config["partial"],
    message:
        "Parsing the records of {wildcards.kind}"
    script:
        "../scripts/make_table.py"


rule netperf_summary:
    input:
        table="results/tables/netperf.csv",
        plan="results/tables/plan.csv",
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
