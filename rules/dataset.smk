# What the tables rest on, and the tables for other programs.

TABLES = [
    "plan",
    *PLAN.kinds,
    *(["netperf_summary"] if "netperf" in PLAN.kinds else []),
    "claims",
]


rule dataset:
    input:
        tables=[f"results/tables/{name}.csv" for name in TABLES],
        modules=["scripts/vcperf/provenance.py"],
    output:
        provenance="results/provenance.json",
        campaign="results/campaign.json",
        tables=[f"results/tables/{name}.parquet" for name in TABLES],
    log:
        "results/logs/dataset.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        config=CAMPAIGN.config,
        kinds=list(PLAN.kinds),
        tables=TABLES,
    message:
        "Writing {output.provenance} and {output.campaign}"
    script:
        "../scripts/write_dataset.py"
