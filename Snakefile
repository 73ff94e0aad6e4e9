# vcperf: what virtualisation costs a cluster, from pinning to figures.
#
# This file is the table of contents; config/ says what to measure, rules/ in what
# order, scripts/ how.


from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "rules/report.rst"


include: "rules/common.smk"


rule figures:
    input:
        plots=OUTPUTS.plots,
        tables=[table_path(name) for name in OUTPUTS.tables],
        provenance="results/provenance.json",
        findings="results/findings.json",
    output:
        figures=report(
            directory("results/figures"),
            patterns=["{figure}.png", "{figure,flame_.+}.svg"],
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        "results/logs/figures.log",
    conda:
        "envs/vcperf.yaml"
    message:
        "Gathering the figures in {output.figures}"
    shell:
        "{{ mkdir -p {output.figures:q}; for plot in {input.plots:q};"
        ' do cp "$plot" {output.figures:q}; done; }} 2> {log:q}'


include: "rules/plan.smk"
include: "rules/mpi.smk"
include: "rules/measure.smk"
include: "rules/mesh.smk"
include: "rules/tables.smk"
include: "rules/plots.smk"
include: "rules/provenance.smk"
include: "rules/report.smk"


onstart:
    stay_idle()
    keep_turns()
    prepare_host()
    worker.start()


onsuccess:
    ENDED_WELL.append(True)


onerror:
    tell_missing()
