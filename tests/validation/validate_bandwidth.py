"""Estimates over links of known rate, against the truth; prints a table.

    PYTHONPATH=scripts:tests python tests/validation/validate_bandwidth.py --method pathload \
        --rates 10 50 100 --loads 0 0.3 0.6 --runs 10

`--wire netns` takes the link between the nodes of the testbed netns, on which campaigns measure,
instead of tests/helpers/link.c; `--bucket` gives it another token bucket.

A hit is, for pathrate, a capacity within 5 % of the link's rate; for pathload, a range
that contains the available bandwidth or whose nearer end is within 10 % of it; a bound when
it is true and as close. From 500 Mbit/s on, where this host's timers end, a true bound that is
further away is counted as that, and is no hit. Needs what tests/helpers/linkbed.py or netnsbed.py
need, and two CPUs with little to do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers import linkbed, netnsbed

PACKAGE = Path(__file__).parents[2] / "scripts/workloads"
PORT = 5201
CLOSE = {"pathload": 0.1, "pathrate": 0.05}  # to the truth, as a share of it
TRUE = 0.05  # a bound that is wrong by less is true
TIMERS_END_MBPS = 490  # of IP bits: 500 of the link's
DURATION_S = {"pathload": 18, "pathrate": 13}  # the configuration's
LARGEST = 1472  # bytes of payload, of pathrate's packets
# Cross traffic of small packets would need more of a CPU than there is.
SMALL_MBPS = 100


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
    if result["kind"] in ("inconclusive", "within_bucket"):
        return False
    method, low, high = result["method"], result["low_mbps"], result["high_mbps"]
    truth = available if method == "pathload" else rate
    if result["kind"] in ("lower_bound", "upper_bound"):
        bound = low if result["kind"] == "lower_bound" else high
        return true_bound(result, rate, available) and abs(bound / truth - 1) <= CLOSE[method]
    if method == "pathrate":
        return abs(result["mbps"] / truth - 1) <= CLOSE[method]
    nearer = min(abs(low - truth), abs(high - truth))
    return low <= truth <= high or nearer <= CLOSE[method] * truth


def true_bound(result: dict, rate: float, available: float) -> bool:
    """Whether an estimate is a bound that the truth respects, however far it is."""
    truth = available if result["method"] == "pathload" else rate
    if result["kind"] == "lower_bound":
        return result["low_mbps"] <= (1 + TRUE) * truth
    return result["kind"] == "upper_bound" and result["high_mbps"] >= (1 - TRUE) * truth


def in_a_word(result: dict, rate: float, available: float) -> str:
    """What the table says of an estimate: `yes` for a hit, `true bound`, or `no`."""
    if hit(result, rate, available):
        return "yes"
    told = rate >= TIMERS_END_MBPS and true_bound(result, rate, available)
    return "true bound" if told else "no"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=("pathload", "pathrate"), required=True)
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 50, 100])
    parser.add_argument("--loads", type=float, nargs="+", default=[0, 0.3, 0.6])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--wire", choices=("tun", "netns"), default="tun")
    parser.add_argument("--bucket", type=int, help="bytes, of --wire netns")
    parser.add_argument("--access", type=float, default=0, help="by the link's rate; 0: none")
    parser.add_argument("--keep", help="append each result to this file, a JSON line each")
    options = parser.parse_args()
    if options.wire == "netns":
        return _on_netns(options)
    print("| link | load | truth | low | high | kind | hit | s | probing % | link late us |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        bundle = str(Path(folder) / "bandwidth.pyz")
        subprocess.run(
            [sys.executable, "-m", "bandwidth", "bundle", bundle],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            check=True,
        )
        for rate, load in itertools.product(options.rates, options.loads):
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
    late = link.late_us.removeprefix("late_us ")
    _tell(done, options, {"link": rate, "load": load, "access": options.access}, 1.0, late)


def _on_netns(options: argparse.Namespace) -> int:
    print("| link | load | truth | low | high | kind | hit | s | probing % | bucket |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        program = str(netnsbed.compile_cross(Path(folder)))
        for rate, load in itertools.product(options.rates, options.loads):
            for _ in range(options.runs):
                one_on_netns(program, rate, load, options)
    return 0


def one_on_netns(program: str, rate: float, load: float, options: argparse.Namespace) -> dict:
    """One estimate on the link of netns, printed and returned with its `hit`."""
    asked = {"method": options.method, "duration_s": DURATION_S[options.method]}
    asked |= {"link_mbps": rate}
    if options.bucket:
        asked["link_bucket_bytes"] = options.bucket
    if load:
        sizes = "mix" if rate <= SMALL_MBPS else 1500
        asked["cross"] = {"program": program, "mbps": rate * load, "sizes": sizes}
    done = netnsbed.estimate(asked)
    result = json.loads(done.stdout) if done.returncode == 0 else {}
    fleets = result.get("fleets") or [{"payload_bytes": LARGEST}]
    told = {"link": rate, "load": load, "bucket": options.bucket}
    share = netnsbed.of_frames(fleets[-1]["payload_bytes"])
    return _tell(done, options, told, share, result.get("bucket_bytes") or "")


def _tell(
    done: subprocess.CompletedProcess,
    options: argparse.Namespace,
    told: dict,
    share: float,
    last: object,
) -> dict:
    """Print the row of an estimate, keep and return it.

    Args:
        told: link, load and whatever else it was asked.
        share: of the link's rate that is for IP bits.
        last: the last column.
    """
    rate, available = told["link"] * share, told["link"] * (1 - told["load"]) * share
    truth = available if options.method == "pathload" else rate
    begin = f"| {told['link']:g} | {told['load']:g} | {truth:.4g} |"
    if done.returncode:
        print(f"{begin} | | {done.stderr.strip()} | no | | | |")
        return told | {"hit": "no"}
    result = json.loads(done.stdout)
    word = in_a_word(result, rate, available)
    told = {**told, "truth": truth, "hit": word, **result}
    if options.keep:
        with Path(options.keep).open("a") as kept:
            kept.write(json.dumps(told) + "\n")
    cells = [result["low_mbps"], result["high_mbps"], result["kind"], word, result["elapsed_s"]]
    cells += [f"{100 * result['probing_mbps'] / told['link']:.1f}", last]
    print(begin, " | ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in cells), "|")
    sys.stdout.flush()
    return told


if __name__ == "__main__":
    sys.exit(main())
