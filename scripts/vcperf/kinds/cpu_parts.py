"""Who pays for traffic: the parts of the CPU time of a path's two ends, as columns.

A guest's VCPUs are in END_domain_cpu_percent, which every testbed has. Here are the parts that a
testbed with hosts beneath its guests knows besides.
"""

from __future__ import annotations

ENDS = ("sender", "receiver")
# Key of a domain's account in an observation -> the column of an end, less the end's name.
THREADS = {
    "emulator_s": "emulator_cpu_percent",
    "iothreads_s": "iothreads_cpu_percent",
    "vhost_s": "vhost_cpu_percent",
}
WAITING = {"delay_s": "delay_percent"}
# In the account of the end's host domain.
HOST = {"host_s": "host_cpu_percent"}
PARTS = tuple(f"{end}_{name}" for end in ENDS for name in {**THREADS, **WAITING, **HOST}.values())
COST = "cpu_s_per_gbyte"
