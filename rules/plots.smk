# One job a figure, as config/figures.yaml describes it.


rule plot:
    input:
        summary="results/tables/netperf_summary.csv",
        bandwidth=lambda wildcards: bandwidth_of(FIGURES[wildcards.figure]),
        modules=imports.modules("draw_figure.py"),
    output:
        svg="results/plots/{figure}.svg",
        png="results/plots/{figure}.png",
    log:
        "results/logs/plots/{figure}.log",
    wildcard_constraints:
        figure="|".join(map(re.escape, FIGURES)) or "none",
    conda:
        "../envs/vcperf.yaml"
    params:
        figure=lambda wildcards: FIGURES[wildcards.figure],
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_figure.py"


rule claims_plot:
    input:
        claims="results/tables/claims.csv",
        modules=imports.modules("draw_claims.py"),
    output:
        svg="results/plots/claims.svg",
        png="results/plots/claims.png",
    log:
        "results/logs/plots/claims.log",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Showing the verdicts on the claims"
    script:
        "../scripts/draw_claims.py"


rule overhead_plot:
    input:
        overhead="results/tables/overhead.csv",
        modules=imports.modules("draw_overhead.py"),
    output:
        svg="results/plots/overhead.svg",
        png="results/plots/overhead.png",
    log:
        "results/logs/plots/overhead.log",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Drawing testbeds against the baseline"
    script:
        "../scripts/draw_overhead.py"


rule mpi_plot:
    input:
        pingpong="results/tables/pingpong_summary.csv",
        ep="results/tables/ep_summary.csv",
        anomalies="results/tables/anomalies.csv",
        points="results/tables/points.csv",
        modules=imports.modules("draw_mpi.py"),
    output:
        svg="results/plots/{figure}.svg",
        png="results/plots/{figure}.png",
    log:
        "results/logs/plots/{figure}.log",
    wildcard_constraints:
        figure="|".join(MPI_FIGURES),
    conda:
        "../envs/vcperf.yaml"
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_mpi.py"
