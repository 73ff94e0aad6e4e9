# One job per figure, all by one script.


rule plot:
    input:
        tables=lambda wildcards: [
            table_path(name) for name in OUTPUTS.drawings[wildcards.figure].inputs
        ],
        modules=lambda wildcards: imported_modules.modules(
            "plot.py", doors.source(OUTPUTS.drawings[wildcards.figure].draw)
        ),
    output:
        "results/plots/{figure}.svg",
        "results/plots/{figure}.png",
    log:
        "results/logs/plots/{figure}.log",
    wildcard_constraints:
        figure="|".join(map(re.escape, OUTPUTS.drawn("svg", "png"))) or "none",
    conda:
        "../envs/vcperf.yaml"
    params:
        draw=lambda wildcards: OUTPUTS.drawings[wildcards.figure].draw,
        options=lambda wildcards: OUTPUTS.drawings[wildcards.figure].options,
        note=CAMPAIGN.note,
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/plot.py"


use rule plot as flame_graph with:
    output:
        "results/plots/{figure}.svg",
        "results/plots/{figure}.folded",
    wildcard_constraints:
        figure="|".join(map(re.escape, OUTPUTS.drawn("svg", "folded"))) or "none",
