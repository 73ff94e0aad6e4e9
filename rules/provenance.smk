# What the tables rest on, and what they say.


rule provenance:
    input:
        tables=[table_path(name) for name in OUTPUTS.tables],
        modules=imported_modules.modules("write_provenance.py"),
    output:
        provenance="results/provenance.json",
        findings="results/findings.json",
    log:
        "results/logs/provenance.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        config=CAMPAIGN.config,
        kinds={kind: kinds.CARDS[kind].tables[0] for kind in PLAN.kinds},
    message:
        "Writing {output.provenance} and {output.findings}"
    script:
        "../scripts/write_provenance.py"
