"""One estimate on the testbed netns, over the link that campaigns measure on.

    scripts/isolate netns python3 tests/helpers/netnsbed.py JSON

JSON has `method`, `duration_s` and `link_mbps`; `link_bucket_bytes` where it is not the link's own;
and `cross` for cross traffic: `program` (see `compile_cross`), `mbps`, `sizes`. Prints the
estimator's document. `estimate` does it all.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CROSS_PORT = 9
HEADERS, ETHERNET = 28, 14  # bytes: of IP and UDP, and what a token bucket counts of a frame's
# Each node on its CPU. Cross traffic is not on that of the estimator, which waits in a loop.
NODES = {
    "node0": {"dom0": "dom0", "domains": {"dom0": [[0]], "sender": [[0]], "crossing": [[-1]]}},
    "node1": {"dom0": "dom1", "domains": {"dom1": [[-1]], "receiver": [[-1]], "sink": [[-1]]}},
}


def missing() -> str:
    """Why there is no such testbed on this host, or ''."""
    from vcperf.testbeds.netns import NetnsTestbed

    return NetnsTestbed.host_fault()


def compile_cross(folder: Path) -> Path:
    """Compile the program of cross traffic into `folder`; needs gcc."""
    program = folder / "cross"
    source = Path(__file__).with_name("cross.c")
    subprocess.run(["gcc", "-O2", "-Wall", "-o", program, source, "-lm"], check=True)
    return program


def of_frames(payload: int) -> float:
    """The share of the link's rate, which is of Ethernet frames, that IP packets of a payload
    (bytes) can have."""
    return (payload + HEADERS) / (payload + HEADERS + ETHERNET)


def estimate(asked: dict) -> subprocess.CompletedProcess:
    """Run one estimate in new namespaces; the finished process, its output as text."""
    argv = [ROOT / "scripts/isolate", "netns", sys.executable, __file__, json.dumps(asked)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def _spec(asked: dict, cpus: list[int]) -> dict:
    from vcperf.testbeds import shaping

    nodes = {
        name: {
            "dom0": node["dom0"],
            "domains": {d: [[cpus[c] for c in v] for v in at] for d, at in node["domains"].items()},
        }
        for name, node in NODES.items()
    }
    spec = {"testbed": "netns", "nodes": nodes, "sender": "sender", "receiver": "receiver"}
    spec |= {key: asked[key] for key in ("method", "duration_s")}
    spec |= shaping.spec_of(asked)
    return spec | {key: asked[key] for key in ("link_bucket_bytes",) if key in asked}


def main() -> int:
    """Print what the estimator prints, or one line on stderr."""
    import os

    from vcperf.errors import VcperfError
    from vcperf.measure import bandwidth
    from vcperf.testbeds.netns import NetnsTestbed

    asked = json.loads(sys.argv[1])
    spec = _spec(asked, sorted(os.sched_getaffinity(0)))
    content: dict = {"commands": []}
    try:
        with NetnsTestbed(spec, {}) as testbed, contextlib.ExitStack() as beside:
            testbed.pin()
            if asked.get("cross"):
                cross = asked["cross"]
                where = [testbed.address("sink"), str(CROSS_PORT)]
                argv = [cross["program"], *where, str(cross["mbps"]), str(cross["sizes"])]
                beside.enter_context(testbed.background("crossing", argv))
            bandwidth.measure(testbed, spec, content)
    except VcperfError as fault:
        print(fault, file=sys.stderr)
        return 1
    print(next(c["output"] for c in content["commands"] if c["role"] == "measure"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
