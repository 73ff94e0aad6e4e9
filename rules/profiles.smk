# From the samples of profiles to tables and pictures.


rule profile_summary:
    input:
        samples="results/tables/profile.csv",
        blocks="results/tables/profile_blocks.csv",
        modules=imports.modules("summarise_profiles.py"),
    output:
        applications="results/tables/profile_applications.csv",
        images="results/tables/profile_images.csv",
        symbols="results/tables/profile_symbols.csv",
        cost="results/tables/profile_cost.csv",
        differences="results/tables/profile_differences.csv",
    log:
        "results/logs/profile_summary.log",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Summarising profiles and what makes them differ"
    script:
        "../scripts/summarise_profiles.py"


rule profile_plot:
    input:
        cost="results/tables/profile_cost.csv",
        differences="results/tables/profile_differences.csv",
        blocks="results/tables/profile_blocks.csv",
        nodes="results/tables/profile_nodes.csv" if EMULATED else [],
        modules=imports.modules("draw_profile.py"),
    output:
        svg="results/plots/{figure}.svg",
        png="results/plots/{figure}.png",
    log:
        "results/logs/plots/{figure}.log",
    wildcard_constraints:
        figure="|".join(PROFILE_FIGURES) or "none",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_profile.py"


rule flame_graph:
    input:
        records=lambda wildcards: [
            b.record
            for b in CAMPAIGN.wanted()
            if b.cell.name == FLAMES[wildcards.profile].name
        ],
        modules=imports.modules("draw_flame.py"),
    output:
        svg="results/plots/flame_{profile}.svg",
        folded="results/tables/stacks/{profile}.folded",
    log:
        "results/logs/plots/flame_{profile}.log",
    wildcard_constraints:
        profile="|".join(map(re.escape, FLAMES)) or "none",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Drawing the call stacks of {wildcards.profile}"
    script:
        "../scripts/draw_flame.py"
