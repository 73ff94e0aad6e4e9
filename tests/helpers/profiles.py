"""Records of profiles for tests: a ping-pong's."""

from vcperf.profilers import table_of

NOTED = {"hosts": {"h": {"clock_s": 0.0, "program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}}}


LATER = {"hosts": {"h": {"clock_s": 1.0, "program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}}}


HOST = {"host": "h", "kernel": "6.1", "platform": "here"}


PLANNED = {"record": "a record", "block": "1", "workload": "pingpong", "shared_cpus": "no"}


PINGPONG = {
    "testbed": "netns",
    "pinning": "config2",
    "path": "c000->c010",
    "workload": "pingpong",
    "test": "",
    "message_bytes": 16384,
    "stack": "mpich",
    "program": "pingpong",
    "load": "ep",
    "point": "A",
}


def content(received, samples=1000, **spec):
    """The record of a profile of a ping-pong."""
    names = {"event": "cycles", "domain": "c000", "app": "pingpong", "symbol": "copy"}
    row = {**names, "image": "[kernel.kallsyms]", "samples": samples, "percent": 100.0}
    found = {"event_asked": "cycles", "event": "cycles", "sample_ns": 1e6, "idle": 0, "lost": 0}
    return {
        "spec": {
            "testbed": "netns",
            "workload": "pingpong",
            "profiler": {"name": "perf"},
            **spec,
        },
        "profile": {**found, **table_of([row])},
        "commands": [{"role": "measure", "start": 0.0, "output": ""}],
        "received_bytes": received,
        "disturbed": [],
        "before": NOTED,
        "after": LATER,
        "host": HOST,
    }
