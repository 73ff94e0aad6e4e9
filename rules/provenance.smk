# What the tables rest on.


rule provenance:
    input:
        tables=[table_path(name) for name in OUTPUTS.tables],
        modules=imported_modules.modules("write_provenance.py"),
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        config=CAMPAIGN.config,
        kinds={kind: kinds.CARDS[kind].tables[0] for kind in PLAN.kinds},
    message:
        "Writing {output}"
    script:
        "../scripts/write_provenance.py"
