#!/usr/bin/env python3
"""Estimates over links of known rate, against the truth; prints a table.

    tests/validate_bandwidth.py --method pathload --rates 10 50 100 --loads 0 0.3 0.6 --runs 10

A hit is, for pathrate, a capacity within 5 % of the link's rate; for pathload, a range
that contains the available bandwidth or whose nearer end is within 10 % of it. A bound is
a hit when it is true. Needs what tests/linkbed.py needs, and two CPUs with little to do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import linkbed

PACKAGE = Path(__file__).parents[1] / "scripts/workloads"
PORT = 5201


def start_server(link: linkbed.Link, *program: str) -> subprocess.Popen:
    """Serve on the receiver's side, by a program for Python; returns once it listens."""
    argv = [sys.executable, *program, "serve", "--address", linkbed.RECEIVER, "--port", str(PORT)]
    server = link.popen("receiver", argv)
    seen = f":{PORT:04X} "
    while seen not in Path(f"/proc/{server.pid}/net/tcp").read_text():
        if server.poll() is not None:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    return server


def estimate(link: linkbed.Link, bundle: str, method: str, *options: str):
    """Run one estimate; the finished process, its output as text."""
    argv = [sys.executable, bundle, method, "--address", linkbed.RECEIVER, "--port", str(PORT)]
    return subprocess.run(
        [*link.into("sender"), *argv, *options], capture_output=True, text=True, check=False
    )


def hit(result: dict, rate: float, available: float) -> bool:
    """Whether an estimate is as good as is claimed."""
    if result["kind"] == "inconclusive":
        return False
    if result["kind"] == "lower_bound":
        return result["low_mbps"] <= 1.05 * (available if result["method"] == "pathload" else rate)
    if result["method"] == "pathrate":
        return abs(result["mbps"] / rate - 1) <= 0.05
    low, high = result["low_mbps"] or 0.0, result["high_mbps"]
    nearer = min(abs(low - available), abs(high - available))
    return low <= available <= high or nearer <= 0.1 * available


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=("pathload", "pathrate"), required=True)
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 50, 100])
    parser.add_argument("--loads", type=float, nargs="+", default=[0, 0.3, 0.6])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--access", type=float, default=0, help="by the link's rate; 0: none")
    parser.add_argument("--keep", help="append each result to this file, a JSON line each")
    options = parser.parse_args()
    print("| link | load | truth | low | high | kind | hit | s | probing % | link late us |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        bundle = str(Path(folder) / "bandwidth.pyz")
        subprocess.run(
            [sys.executable, "-m", "bandwidth", "bundle", bundle],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            check=True,
        )
        for rate in options.rates:
            for load in options.loads:
                for _ in range(options.runs):
                    _one(bundle, rate, load, options)
    return 0


def _one(bundle: str, rate: float, load: float, options: argparse.Namespace) -> None:
    with linkbed.Link(rate, load, access_mbps=options.access * rate) as link:
        server = start_server(link, bundle)
        try:
            done = estimate(link, bundle, options.method)
        finally:
            server.terminate()
            server.wait()
    truth = rate * (1 - load) if options.method == "pathload" else rate
    if done.returncode:
        print(f"| {rate:g} | {load:g} | {truth:g} | | | {done.stderr.strip()} | no | | | |")
        return
    result = json.loads(done.stdout)
    good = hit(result, rate, rate * (1 - load))
    if options.keep:
        told = {"link": rate, "load": load, "access": options.access, "hit": good, **result}
        with Path(options.keep).open("a") as kept:
            kept.write(json.dumps(told) + "\n")
    cells = [rate, load, truth, result["low_mbps"], result["high_mbps"], result["kind"]]
    cells += ["yes" if good else "no", result["elapsed_s"]]
    cells += [f"{100 * result['probing_mbps'] / rate:.1f}", link.late_us.removeprefix("late_us ")]
    print("|", " | ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in cells), "|")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
