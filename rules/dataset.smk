# What the tables rest on, and the tables for other programs.

# kind -> what is made of its tables of blocks.
SUMMARIES = {
    "netperf": ["netperf_summary"],
    "pingpong": [
        "pingpong_summary",
        "pingpong_programs",
        "ep_summary",
        "anomalies",
        "points",
    ],
    "profile": [
        f"profile_{name}"
        for name in ("applications", "images", "symbols", "cost", "differences")
    ],
}
DATASET = [
    "results/tables/plan.csv",
    *tables(),
    *[
        f"results/tables/{name}.csv"
        for kind in PLAN.kinds
        for name in SUMMARIES.get(kind, [])
    ],
    "results/tables/claims.csv",
]


rule dataset:
    input:
        tables=DATASET,
        modules=imports.modules("write_dataset.py"),
    output:
        provenance="results/provenance.json",
        campaign="results/campaign.json",
        tables=[path.replace(".csv", ".parquet") for path in DATASET],
    log:
        "results/logs/dataset.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        config=CAMPAIGN.config,
        kinds={kind: kinds.TABLES[kind][0] for kind in PLAN.kinds},
    message:
        "Writing {output.provenance} and {output.campaign}"
    script:
        "../scripts/write_dataset.py"
