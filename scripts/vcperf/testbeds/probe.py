"""What this host allows: which testbed, which CPUs, and whether the tools are there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcperf.errors import VcperfError
from vcperf.tools import perf_commands

ROOT = Path(__file__).parents[3]
ISOLATE = ROOT / "scripts" / "isolate"

# All that testbed netns asks of the kernel.
TRY_NETNS = (
    "ip link add name bridge0 type bridge && ip link add veth0 type veth peer name veth1"
    " && ip link set veth0 master bridge0"
)

TOOLS = {
    "netperf": "netperf (Debian: non-free; `make setup` fetches it)",
    "netserver": "netperf (Debian: non-free; `make setup` fetches it)",
    "setpriv": "util-linux",
    "taskset": "util-linux",
    "flock": "util-linux",
    "timeout": "coreutils",
    "ss": "iproute2",
}
PERF = {"perf": "linux-perf (Debian; as root, `make setup` does)"}
SSH_TOOLS = {
    "ssh": "openssh-client",
    "setpriv": "util-linux",
}
NETNS_TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "tc": "iproute2",
}


def resolve_testbeds(wanted: str | list[str], baseline: str | None) -> tuple[list[str], str]:
    """Choose the testbeds.

    Args:
        wanted: auto, or the names of one or several testbeds.
        baseline: the testbed that `auto` adds to compare with; None for none.

    Returns their names, without repetition and, when `auto` had to step down, a line that
    says why. Raises VcperfError when netns is wanted by name and refused.
    """
    names = [wanted] if isinstance(wanted, str) else wanted
    if not {"auto", "netns"} & set(names):
        return names, ""
    fault = _netns_fault()
    if not fault:
        added = [baseline] if baseline == "native" else []
        return (["netns", *added] if wanted == "auto" else names), ""
    if wanted != "auto":
        raise VcperfError(
            f"testbed netns: this host refuses it ({fault}); "
            "use testbed: native, or allow user namespaces, or run as root"
        )
    return ["native"], f"namespaces are refused here ({fault}): measuring on testbed native"


def _netns_fault() -> str:
    """What stands against testbed netns here; empty when nothing does."""
    missing = _missing(NETNS_TOOLS)
    if missing:
        return missing
    tried = _in_isolation("netns", ["sh", "-c", TRY_NETNS])
    if tried.returncode == 0:
        return ""
    said = tried.stderr.strip().splitlines()
    return said[-1] if said else f"status {tried.returncode}"


def _in_isolation(testbed: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as blocks of a testbed are run."""
    return subprocess.run(
        [ISOLATE, testbed, *argv],
        env={**os.environ, "VCPERF_NODE_LOCKED": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def perf_fault(testbed: str, wanted: Mapping[str, Any]) -> str:
    """What stands against profiles by perf on this host; empty when nothing does.

    Args:
        testbed: on which they are taken.
        wanted: event and frequency_hz.
    """
    if _missing(PERF):
        return _missing(PERF)
    argv = perf_commands.record_argv(
        output="/dev/null",
        event=wanted["event"],
        frequency_hz=wanted["frequency_hz"],
        command=["true"],
    )
    tried = _in_isolation(testbed, argv)
    if tried.returncode == 0:
        return ""
    return f"perf refuses event {wanted['event']}: {perf_commands.refusal(tried.stderr)}"


def usable_cpus() -> tuple[int, ...]:
    """The CPUs that this process may use, one of each core before any core's second.

    Two hardware threads of one core are no two CPUs to a measurement.
    Format: /sys/devices/system/cpu/cpuN/topology/thread_siblings_list, the kernel's
    Documentation/admin-guide/cputopology.rst.
    """
    seen: dict[str, int] = {}
    ranked = []
    for cpu in sorted(os.sched_getaffinity(0)):
        file = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            core = file.read_text(encoding="ascii")
        except OSError:
            core = str(cpu)
        seen[core] = seen.get(core, -1) + 1
        ranked.append((seen[core], cpu))
    return tuple(cpu for _, cpu in sorted(ranked))


def require_tools(testbed: str, by_ssh: bool) -> None:
    """Raise VcperfError naming the tools that this host needs and that are not there.

    Args:
        testbed: which testbed it is.
        by_ssh: whether it lives on hosts reached by ssh, not on this one.
    """
    needed = SSH_TOOLS if by_ssh else TOOLS | (NETNS_TOOLS if testbed == "netns" else {})
    missing = _missing(needed)
    if missing:
        raise VcperfError(missing)


def _missing(tools: dict[str, str]) -> str:
    path = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), str(ROOT / ".tools/usr/bin"), "/usr/sbin", "/sbin"]
    )
    missing = [name for name in tools if shutil.which(name, path=path) is None]
    packages = sorted({tools[name] for name in missing})
    return f"not found: {', '.join(missing)}; install {', '.join(packages)}" if missing else ""
