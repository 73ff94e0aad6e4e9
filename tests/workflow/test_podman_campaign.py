"""The tutorial on containers is true: its commands run, with fewer and shorter blocks."""

import re
import subprocess

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT
from helpers.podmanbed import needs_podman

from vcperf.config import files

pytestmark = [needs_podman, pytest.mark.slow, pytest.mark.xdist_group("measuring")]

PAGE = (ROOT / "docs/tutorials/containers.md").read_text()
CAMPAIGN = "config/campaigns/podman.yaml"
SHORT = {"blocks": 2, "remeasure": 0, "quiet": {"wait_s": 0}, "disturbed_percent": 1000000}


def test_the_tutorial_on_containers_runs(checkout):
    told = re.findall(r"^(make .*?)(?: +#.*)?$", PAGE, re.M)
    assert len(told) == 5
    for name, text in re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, re.M | re.S):
        (checkout.folder / name).write_text(yaml.safe_dump(yaml.safe_load(text) | SHORT))
    content = files.read_yaml(ROOT / CAMPAIGN) | SHORT
    content["netperf"]["message_bytes"] = [16384]
    content["pingpong"]["message_bytes"] = [1, 1024]
    (checkout.folder / CAMPAIGN).write_text(yaml.safe_dump(content))
    for command in told:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=checkout.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        # Whether one network differs from another is for the host to say.
        compared = "make compare" in command and "written: " in done.stdout
        assert done.returncode == 0 or compared, command + "\n" + done.stdout + done.stderr
    tables = checkout.folder / "results/tables"
    overhead = pd.read_csv(tables / "overhead.csv")
    assert set(overhead["testbed"]) == {"podman", "netns"} and set(overhead["baseline"]) == {
        "native"
    }
    assert set(pd.read_csv(tables / "pingpong_summary.csv")["testbed"]) == {"podman", "netns"}
    platforms = set(pd.read_csv(tables / "netperf.csv")["platform"])
    assert any(re.match(r"podman [\d.]+ \(", platform) for platform in platforms)
