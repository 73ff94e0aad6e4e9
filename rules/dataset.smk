# What the tables rest on, and the tables for other programs.


rule dataset:
    input:
        tables=[table_path(name) for name in OUTPUTS.tables],
        modules=imported_modules.modules("write_dataset.py"),
    output:
        provenance="results/provenance.json",
        campaign="results/campaign.json",
        tables=[table_path(name).replace(".csv", ".parquet") for name in OUTPUTS.tables],
    log:
        "results/logs/dataset.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        config=CAMPAIGN.config,
        kinds={kind: kinds.CARDS[kind].tables[0] for kind in PLAN.kinds},
    message:
        "Writing {output.provenance} and {output.campaign}"
    script:
        "../scripts/write_dataset.py"
