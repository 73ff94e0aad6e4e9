# From raw records to tidy tables, and from these to others.


rule table:
    input:
        plan=table_path("plan"),
        records=lambda wildcards: records_of(wildcards.table),
        modules=lambda wildcards: imported_modules.modules(
            "make_table.py", f"vcperf/tables/{wildcards.table}.py"
        ),
    output:
        table="results/tables/{table}.csv",
    log:
        "results/logs/{table}_table.log",
    conda:
        "../envs/vcperf.yaml"
    threads: workflow.cores
    params:
        kind=lambda wildcards: kinds.KIND_OF_TABLE[wildcards.table],
        disturbed_percent=CAMPAIGN.config["disturbed_percent"],
        in_rounds=bool(PLAN.mesh),
        partial=CAMPAIGN.config["partial"],
    message:
        "Parsing the records of {wildcards.table}"
    script:
        "../scripts/make_table.py"


for summary in OUTPUTS.summaries:

    rule:
        name:
            summary.name
        input:
            tables=[table_path(name) for name in summary.inputs],
            modules=imported_modules.modules("summarise.py", doors.source(summary.make)),
        output:
            [table_path(name) for name in summary.outputs],
        log:
            f"results/logs/{summary.name}.log",
        conda:
            "../envs/vcperf.yaml"
        params:
            make=summary.make,
            options=OUTPUTS.options_of(summary),
        message:
            f"Making {', '.join(summary.outputs)}"
        script:
            "../scripts/summarise.py"
