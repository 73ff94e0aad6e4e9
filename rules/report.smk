# One page for readers: findings in words, figures, tables, provenance.


rule report:
    input:
        figures="results/figures",
        tables=[table_path(name) for name in OUTPUTS.tables],
        provenance="results/provenance.json",
        modules=imported_modules.modules("write_report.py"),
        page=[
            f"{HERE}scripts/vcperf/report/{name}"
            for name in ("page.html", "page.css", "page.js", "flame.js")
        ],
    output:
        report="results/report.html",
    log:
        "results/logs/report.log",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Writing the report {output.report}"
    script:
        "../scripts/write_report.py"
