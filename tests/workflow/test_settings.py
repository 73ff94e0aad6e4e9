"""Two campaigns whose domains are set up differently: records, compare and provenance name it."""

import json
import shutil

import pytest

from vcperf.commands import compare
from vcperf.testbeds import netns

pytestmark = [
    pytest.mark.xdist_group("measuring"),
    pytest.mark.skipif(netns.NetnsTestbed.host_fault() != "", reason="no namespaces here"),
]
ONE_CELL = {
    "testbed": "netns",
    "blocks": 1,
    "netperf": {"paths": {"config1": ["vc00->c010"], "config2": None}, "message_bytes": [16384]},
}
# A line of the testbed, and what is put in front of it: another MTU, sysctl and offload.
LAST = "        for network in (*networks.values(),"
SCRIPT = (
    "for device in eth0 xenbr0; do ip link set $device mtu 1400; done;"
    " echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save;"
    " ethtool -K eth0 tso off; true"  # each domain has one of the two devices
)
CHANGE = f"""\
        for domain in networks:
            argv = [*self.enter_argv(domain), "sh", "-c", {SCRIPT!r}]
            subprocess.run(argv, capture_output=True, check=True)
"""


def measured(checkout, into):
    done = checkout.snakemake("results/figures/", configfile="one.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = checkout.read_records()
    results = checkout.folder / "results"
    provenance = json.loads((results / "provenance.json").read_text())
    shutil.copytree(results, checkout.folder / into)
    shutil.rmtree(results)
    results.mkdir()
    return record["settings"], {one["digest"]: one for one in provenance["settings"]}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ethtool"), reason="no ethtool here")
def test_an_mtu_a_sysctl_and_an_offload_of_the_domains_are_named(checkout, capsys):
    checkout.overlay("one.yaml", ONE_CELL)
    first, provenance = measured(checkout, "a")
    domains = {"node0": ("vc00", "c000", "c001"), "node1": ("vc10", "c010", "c011")}
    places = {f"{node}/{domain}" for node, its in domains.items() for domain in its}
    assert set(first) == {*domains, *places} and set(first.values()) == set(provenance)
    guest = provenance[first["node1/c010"]]
    assert "node1/c010" in guest["places"] and guest["settings"]["net.eth0.mtu"] == "1500"
    module = checkout.folder / "scripts/vcperf/testbeds/netns.py"
    text = module.read_text()
    assert text.count(LAST) == 1
    module.write_text(text.replace(LAST, CHANGE + LAST))
    second, _ = measured(checkout, "b")
    assert second["node0"] == first["node0"] and second["node1/c010"] != first["node1/c010"]
    folders = [str(checkout.folder / name) for name in "ab"]
    assert compare.main(folders) == 3, "one block each is too few to tell"
    lines = [x for x in capsys.readouterr().out.splitlines() if x.startswith("settings differ")]
    assert [line.partition(" (")[0] for line in lines] == [
        "settings differ: net.eth0.mtu 1500 -> 1400",
        "settings differ: net.eth0.tso on -> off",
        "settings differ: net.xenbr0.mtu 1500 -> 1400",
        "settings differ: sysctl.net.ipv4.tcp_no_metrics_save 0 -> 1",
    ]
