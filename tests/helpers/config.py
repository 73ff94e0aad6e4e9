"""The default configuration, and small sections for campaigns that measure little else."""

from helpers.checkout import ROOT
from vcperf.config import files

DEFAULT_FILE = ROOT / "config/config.yaml"
DEFAULT = files.read_yaml(DEFAULT_FILE)
NO_NETPERF = {"netperf": {"paths": {"config1": None, "config2": None}}}
# An estimate of two seconds.
BANDWIDTH = {
    "paths": {"config1": ["vc00->c010"]},
    "methods": ["pathload"],
    "blocks": 2,
    "duration_s": {"pathload": 2, "pathrate": 2},
}


def pingpong_section(**changes) -> dict:
    """The default's ping-pong with few and short messages, changed."""
    small = {"blocks": 1, "seconds": 0.3, "message_bytes": [1, 1024, 16384, 65536]}
    return {**DEFAULT["pingpong"], **small, **changes}
