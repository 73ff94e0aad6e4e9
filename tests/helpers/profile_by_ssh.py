"""A campaign that profiles domains by ssh."""

from helpers.config import DEFAULT

PROFILE = DEFAULT["profile"]
XEN = {"xen": "/boot/xen-syms-3.0", "vmlinux": "/boot/vmlinux"}
CAMPAIGN = {
    "testbed": "xen",
    "testbed_file": "testbed.yaml",
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": None},
        "message_bytes": [16384],
    },
    "profile": {
        **PROFILE,
        "profiler": "xenoprof",
        "xenoprof": {**PROFILE["xenoprof"], **XEN},
        "paths": {"config1": ["vc00->c000"], "config3": None},
        "pingpong": None,
        "duration_s": 1,
        "blocks": 1,
    },
}
