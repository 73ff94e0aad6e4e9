# Programs of the MPI chapter, compiled with each stack that the campaign uses.


rule fetch_imb:
    output:
        program="results/programs/{stack}/IMB-MPI1",
    log:
        "results/logs/compile/{stack}/IMB-MPI1.log",
    conda:
        "../envs/vcperf.yaml"
    message:
        "Fetching IMB-MPI1, which is under Intel's licence"
    shell:
        f"{{{{ {HERE}envs/setup.sh mpi intel && ln -sf '{ROOT}/.tools/mpi/intel/bin/IMB-MPI1'"
        " {output.program:q}; }} > {log:q} 2>&1"


rule compile_mpi:
    input:
        # A program's path names the stack's version, and a block's key the source.
        source=f"{HERE}scripts/workloads/mpi/{{program}}.c",
    output:
        program="results/programs/{stack}/{program}",
    log:
        "results/logs/compile/{stack}/{program}.log",
    wildcard_constraints:
        program="pingpong|ep",
        stack="[^/@]+",
    conda:
        "../envs/vcperf.yaml"
    params:
        kind=lambda wildcards: STACKS[wildcards.stack]["kind"],
        folder=lambda wildcards: mpi_stacks.folder(STACKS[wildcards.stack]),
        wheel=lambda wildcards: "version" in STACKS[wildcards.stack],
        flags=lambda wildcards: STACKS[wildcards.stack].get("cflags", ""),
    message:
        "Compiling {wildcards.program} with {wildcards.stack}"
    shell:
        f"{HERE}scripts/compile-mpi"
        " {params.kind:q} {params.folder:q} {params.wheel:q}"
        " {input.source:q} {output.program:q} {params.flags:q} > {log:q} 2>&1"


rule compile_mpi_there:
    input:
        source=f"{HERE}scripts/workloads/mpi/{{program}}.c",
    output:
        program="results/programs/{stack}@{host}/{program}",
    log:
        "results/logs/compile/{stack}@{host}/{program}.log",
    wildcard_constraints:
        program="pingpong|ep",
        stack="[^/@]+",
        host="[^/]+",
    conda:
        "../envs/vcperf.yaml"
    # All cores: nothing is measured on the host meanwhile.
    threads: workflow.cores
    params:
        stack=lambda wildcards: STACKS[f"{wildcards.stack}@{wildcards.host}"],
        flags=lambda wildcards: STACKS[f"{wildcards.stack}@{wildcards.host}"].get(
            "cflags", ""
        ),
        testbed=lambda wildcards: TESTBED_OF[f"{wildcards.stack}@{wildcards.host}"],
    message:
        "Compiling {wildcards.program} with {wildcards.stack} on {wildcards.host}"
    shell:
        "python3 -S -m vcperf.testbeds.compile_there {params.stack[host]:q}"
        " {params.stack[folder]:q} {input.source:q} {output.program:q}"
        " {params.testbed}"
        ' "$VCPERF_CONTEXT" {params.flags:q} > {log:q} 2>&1'
