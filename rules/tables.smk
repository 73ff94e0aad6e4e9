# From raw records to tidy tables.


rule table:
    input:
        plan="results/tables/plan.csv",
        records=lambda wildcards: wanted_records(kinds.KIND_OF[wildcards.table]),
        modules=lambda wildcards: imports.modules(
            "make_table.py", f"vcperf/tables/{wildcards.table}.py"
        ),
    output:
        table="results/tables/{table}.csv",
    log:
        "results/logs/{table}_table.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        kind=lambda wildcards: kinds.KIND_OF[wildcards.table],
        disturbed_percent=CAMPAIGN.config["disturbed_percent"],
    message:
        "Parsing the records of {wildcards.table}"
    script:
        "../scripts/make_table.py"


rule netperf_summary:
    input:
        table="results/tables/netperf.csv",
        plan="results/tables/plan.csv",
        modules=imports.modules("summarise_netperf.py"),
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


rule overhead:
    input:
        table="results/tables/netperf.csv",
        modules=imports.modules("summarise_overhead.py"),
    output:
        overhead="results/tables/overhead.csv",
    log:
        "results/logs/overhead.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        baseline=CAMPAIGN.baseline,
        target_percent=CAMPAIGN.config["target_percent"],
    message:
        "Comparing the testbeds with the baseline"
    script:
        "../scripts/summarise_overhead.py"


rule mpi_summary:
    input:
        pingpong="results/tables/pingpong.csv",
        ep="results/tables/ep.csv",
        modules=imports.modules("summarise_mpi.py"),
    output:
        pingpong="results/tables/pingpong_summary.csv",
        programs="results/tables/pingpong_programs.csv",
        ep="results/tables/ep_summary.csv",
        anomalies="results/tables/anomalies.csv",
        points="results/tables/points.csv",
    log:
        "results/logs/mpi_summary.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        points=own_points(),
    message:
        "Summarising the MPI tables over their blocks"
    script:
        "../scripts/summarise_mpi.py"


rule claims:
    input:
        # netperf's, the ping-pong's, the profiles': those that the campaign has.
        **{
            kind: f"results/tables/{table}.csv"
            for kind, table in claimed_tables().items()
        },
        modules=imports.modules("judge_claims.py"),
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
