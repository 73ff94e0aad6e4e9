# One job per round of a mesh of many nodes. It measures what the round lacks, pairs side by side, on
# as many cores as there are. Records are no outputs of it: Snakemake deletes those of a job that
# fails. The path has a digest of the mesh.


rule write_mesh:
    input:
        # What else decides a mesh is in its digest.
        modules=imported_modules.modules("vcperf/planning/large_mesh.py"),
    output:
        mesh="results/rounds/{mesh}/mesh.json",
    log:
        "results/logs/rounds/{mesh}.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        testbeds=[host.testbed for host in CAMPAIGN.hosts],
        cpus=list(CAMPAIGN.hosts[0].cpus),
    message:
        "Writing the mesh"
    script:
        "../scripts/write_mesh.py"


rule measure_round:
    input:
        mesh=mesh_file,
    output:
        done=touch("results/rounds/{mesh}/{round}.done"),
    log:
        "results/logs/rounds/{mesh}/{round}.log",
    wildcard_constraints:
        mesh="[0-9a-f]+",
        round="[0-9]+",
    priority: lambda wildcards: -int(wildcards.round)
    conda:
        "../envs/vcperf.yaml"
    threads: workflow.cores
    shell:
        f"exec setpriv --pdeathsig KILL {HERE}scripts/on-node '{ROOT}' measure-round"
        " {input.mesh:q} {wildcards.round} --at-once {threads} 2> {log:q}"
