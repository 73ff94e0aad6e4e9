"""Hosts that are not like this one: no root, no namespaces, no netperf, few cores."""

import os
import subprocess

import pytest
from helpers.checkout import ROOT
from helpers.no_netperf import without_netperf

pytestmark = pytest.mark.xdist_group("measuring")

# An ordinary user without any right: user 1000 of a user namespace, so that the files
# of whoever runs the tests are still theirs.
ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# A root that may not make namespaces, as in most containers.
CONTAINER = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
ONE_CELL = {
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c010"], "config2": None},
        "message_bytes": [16384],
    },
}


def allowed(prefix) -> bool:
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def test_an_ordinary_user_measures_in_namespaces(checkout):
    if not allowed((*ORDINARY, "unshare", "--user", "--map-root-user", "--net")):
        pytest.skip("this host refuses user namespaces")
    campaign = checkout.overlay("one.yaml", ONE_CELL)
    done = checkout.snakemake("results/figures/", configfile=campaign, prefix=ORDINARY)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = checkout.read_records()
    assert record["spec"]["testbed"] == "netns"


def test_where_namespaces_are_refused_it_is_native_and_says_so(checkout):
    if os.getuid() != 0 or not allowed(CONTAINER):
        pytest.skip("needs root, to give rights away")
    campaign = checkout.overlay("one.yaml", ONE_CELL)
    done = checkout.snakemake("results/figures/", configfile=campaign, prefix=CONTAINER)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    said = [line for line in output.splitlines() if "namespaces are refused here" in line]
    assert said and "measuring on testbed native" in said[0]
    (record,) = checkout.read_records()
    assert record["spec"]["testbed"] == "native"
    assert record["commands"][0]["argv"][-1] and "127.0.0.1" in record["commands"][0]["argv"]
    svg = (checkout.folder / "results/figures/pair.svg").read_text()
    assert "native" in svg and "netns" not in svg

    wanted = checkout.overlay("wanted.yaml", {**ONE_CELL, "testbed": "netns"})
    refused = checkout.snakemake("-n", configfile=wanted, prefix=CONTAINER)
    assert refused.returncode == 1
    assert "testbed netns: namespaces are refused here" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_netperf_is_named_before_anything_is_measured(checkout):
    path = without_netperf(checkout)
    never = checkout.overlay("never.yaml", {"instead_of_netperf": "never"})
    done = checkout.snakemake("results/figures/", configfile=never, env={"PATH": path})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("not found: netperf, netserver; install netperf")
    assert "Traceback" not in done.stderr and checkout.records() == {}
    planned = checkout.snakemake("-n", configfile=never, env={"PATH": path})
    assert planned.returncode == 0, "planning needs no netperf"


@pytest.mark.parametrize("fault", [{"blokcs": 3}, {"netperf": {"message_bytes": [0]}}])
def test_a_bad_configuration_ends_snakemake_in_one_line(checkout, fault):
    done = checkout.snakemake("results/figures/", configfile=checkout.overlay("bad.yaml", fault))
    assert done.returncode == 1
    said = [
        line
        for line in done.stderr.splitlines()
        if "workflow specific profile" not in line and "is extended by" not in line
    ]
    assert len(said) == 1 and said[0].startswith("bad.yaml: "), done.stderr
    assert checkout.records() == {}


@pytest.mark.slow
def test_make_writes_nothing_outside_the_checkout(checkout, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    outside = {"HOME": str(home), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "MPLCONFIGDIR": ""}
    env = {name: value for name, value in {**os.environ, **outside}.items() if value}
    one = checkout.overlay("one.yaml", ONE_CELL)
    done = subprocess.run(
        ["make", "figures", f"CAMPAIGN={one}"],
        cwd=checkout.folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(home.iterdir()) == []


@pytest.mark.slow
def test_every_configuration_file_plans(checkout):
    """A dry run of each file in config/ that is a campaign."""
    campaigns = sorted(p.relative_to(ROOT) for p in (ROOT / "config/campaigns").glob("*.yaml"))
    assert campaigns
    for campaign in [None, *map(str, campaigns)]:
        done = checkout.snakemake("-n", "results/figures/", configfile=campaign)
        assert done.returncode == 0, f"{campaign}: {done.stderr}"
        assert "rule measure" in done.stdout
