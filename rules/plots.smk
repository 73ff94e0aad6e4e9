# One job a figure, as config/figures.yaml describes it.


rule plot:
    input:
        summary="results/tables/netperf_summary.csv",
        bandwidth=lambda wildcards: bandwidth_of(FIGURES[wildcards.figure]),
        modules=["scripts/vcperf/figures/curves.py", "scripts/vcperf/figures/bands.py"],
    output:
        svg="results/plots/{figure}.svg",
        png="results/plots/{figure}.png",
    log:
        "results/logs/plots/{figure}.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        figure=lambda wildcards: FIGURES[wildcards.figure],
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_figure.py"
