"""A stand-in for a cluster: nodes by a testbed file, on which nothing runs.

A measurement waits, or meets others, and reports the rate of a made-up network. tests/helpers/
simulated.py puts this module into a copy of the project.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import time

from vcperf.errors import VcperfError
from vcperf.testbeds.remote import RemoteTestbed

LOG = "simulated.log"
TIMES = "simulated.times"  # of the log's lines, seconds
WAIT = "VCPERF_SIMULATED_WAIT"  # seconds that each measurement takes
MEET = "VCPERF_SIMULATED_MEET"  # how many measurements must be under way before any ends
SLOW = "VCPERF_SIMULATED_SLOW"  # SENDER-RECEIVER:FACTOR, nodes
BROKEN = "VCPERF_SIMULATED_BROKEN"  # SENDER-RECEIVER, nodes, whose measurements fail
PATIENCE_S = 60
MBPS = 940.0
REPORT = """THROUGHPUT={rate:.2f}
THROUGHPUT_UNITS=10^6bits/s
ELAPSED_TIME={seconds:.2f}
LOCAL_SEND_SIZE={size}
REQUEST_SIZE=-1
LOCAL_CPU_UTIL=10.00
REMOTE_CPU_UTIL=20.00
LOCAL_CPU_METHOD=S
REMOTE_CPU_METHOD=S
LOCAL_CPU_COUNT=8
LSS_SIZE_END=16384
RSR_SIZE_END=131072
LOCAL_CONG_CONTROL=cubic
LOCAL_SEND_THROUGHPUT={rate:.2f}
"""


class SimulatedTestbed(RemoteTestbed):
    """Nodes that do not exist."""

    name = "simulated"
    isolation = "none"

    @staticmethod
    def place(node, dom0, domains):
        end = {"ssh": node["ssh"], "address": node["domains"][dom0]["address"]}
        return {"ssh": node["ssh"]}, dict.fromkeys(domains, end)

    @staticmethod
    def hold(specs, context):
        return []

    @staticmethod
    def settings(specs, context):
        return {}

    def __enter__(self):
        self._note("begin")
        return self

    def __exit__(self, *_):
        self._note("end")

    def _note(self, what):
        """Add a line to the log; returns how many of this kind it then has."""
        with open(LOG, "a+", encoding="utf-8") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.write(f"{what} {' '.join(sorted(self.nodes))}\n")
            log.flush()
            with open(TIMES, "a", encoding="ascii") as times:
                times.write(f"{time.monotonic():.3f}\n")
            log.seek(0)
            return sum(line.startswith(f"{what} ") for line in log)

    def pin(self):
        pass

    def wanted_pinning(self):
        return {}

    def observe(self):
        now = {"clock_s": time.monotonic(), "cpu_s": 0.0}
        domains = {domain: now for node in self.nodes.values() for domain in node["domains"]}
        idle = {"clock_s": time.monotonic(), "program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}
        return {"pinning": {}, "domains": domains, "hosts": dict.fromkeys(self.nodes, idle)}

    def free_port(self, domain, preferred):
        return preferred

    @contextlib.contextmanager
    def serve(self, domain, argv, port):
        yield self._record(domain, argv, 0.0, "")

    def run(self, domain, argv, timeout_s):
        seconds = float(argv[argv.index("-l") + 1])
        size = argv[argv.index("-m") + 1]
        time.sleep(float(os.environ.get(WAIT, "0")))
        if MEET in os.environ:
            self._meet(int(os.environ[MEET]))
        output = REPORT.format(rate=self._rate(), seconds=seconds, size=size)
        return self._record(domain, argv, seconds, output)

    def _meet(self, together):
        """Wait until so many measurements have come as fill the group of this one."""
        place = self._note("met")
        wanted = -(-place // together) * together
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with open(LOG, encoding="utf-8") as log:
                if sum(line.startswith("met ") for line in log) >= wanted:
                    return
            time.sleep(0.01)
        raise SystemExit(f"measurement {place} waits alone for {wanted}")

    def _rate(self):
        nodes = {d: name for name, node in self.nodes.items() for d in node["domains"]}
        pair = [nodes[self.spec[end]] for end in ("sender", "receiver")]
        if os.environ.get(BROKEN) == "-".join(pair):
            raise VcperfError(f"{pair[0]}: its cable is cut")
        chance = random.Random(f"{pair} {self.spec['block']}")
        rate = MBPS * chance.gauss(1, 0.01)
        slow, _, factor = os.environ.get(SLOW, "").partition(":")
        return rate * float(factor) if slow == "-".join(pair) else rate

    def _record(self, domain, argv, seconds, output):
        start = time.time()
        return {
            "domain": domain,
            "argv": argv,
            "status": 0,
            "start": start,
            "end": start + seconds,
            "output": output,
            "errors": "",
        }

    def facts(self):
        return {"host": "nowhere", "kernel": "none", "platform": "a simulation"}
