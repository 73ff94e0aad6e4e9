"""Numbers have ranges and texts have forms, in every file; the error says which."""

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.claims import part, read
from helpers.config import DEFAULT
from helpers.figures import read as read_figures
from helpers.plans import plan_of

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.preparation import testbed_file

SECTIONS = {
    "an option as a congestion control": (
        {"netperf": {"congestion_control": "-rf"}},
        "netperf.congestion_control: '-rf' is not the name of a TCP congestion control",
    ),
    "a congestion control that no kernel can have": (
        {"netperf": {"congestion_control": 16 * "c"}},
        "netperf.congestion_control: 'cccccccccccccccc' is not the name of",
    ),
    "a percentage without end": (
        {"target_percent": 1e308},
        "target_percent: .* 0.01 to 100 percent of the mean",
    ),
    "a noise limit without end": ({"disturbed_percent": 1e308}, "disturbed_percent: .* 1000000"),
    "an option as a program": (
        {"bandwidth": {"programs": {"pathload": {"sender": "-c reboot", "receiver": "/a"}}}},
        "programs.pathload.sender: '-c reboot' is not a path or name of letters",
    ),
    "a shell in a program": (
        {"bandwidth": {"programs": {"pathrate": {"sender": "/a", "receiver": "a; b"}}}},
        "programs.pathrate.receiver: 'a; b' is not a path or name",
    ),
    "a search path as a folder": (
        {"stacks": {"mine": {"kind": "mpich", "folder": "/opt/a:/opt/b"}}},
        "stacks.mine.folder: '/opt/a:/opt/b' is not an absolute path of letters",
    ),
    "a blank in the load's program": (
        {"pingpong": {"load": {"program": "/opt/my ep"}}},
        "pingpong.load.program: '/opt/my ep' is not an absolute path",
    ),
    "a comma in a kernel's file": (
        {"profile": {"xenoprof": {"vmlinux": "/boot/a,b"}}},
        "xenoprof.vmlinux: '/boot/a,b' is not an absolute path",
    ),
    "a CPU beyond all": ({"nodes": {"node0": {"cpus": [0, 8192]}}}, r"cpus\[1\]: 8192 is greater"),
    "more sizes than a curve has": (
        {"netperf": {"message_bytes": list(range(1, 1002))}},
        r"netperf.message_bytes: \[1, 2, .*\.\.\. has more than 1000 entries",
    ),
    "a size twice": (
        {"netperf": {"message_bytes": [120, 1, 120]}},
        "netperf.message_bytes: 120 is a duplicate; leave one out",
    ),
    "a long path": ({"baseline": {"paths": [200 * "a" + "->b"]}}, r"paths\[0\]: .*"),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_campaign_with_a_value_out_of_its_range_is_refused(name, tmp_path):
    change, fault = SECTIONS[name]
    with pytest.raises(VcperfError, match=f"campaign.yaml: .*{fault}"):
        plan_of(change, tmp=tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"thesis_percent": 1e308}, r"parts\[0\].thesis_percent: 1e\+308 .* -100 to 1000000"),
        ({"thesis_percent": -101}, r"thesis_percent: -101 is less than the minimum of -100"),
        ({"against": 1e-300}, r"against: 1e-300 is less than the minimum of 1e-06"),
        (
            {"message_bytes": 2**31},
            r"message_bytes: 2147483648 is greater than the maximum of 1073741824",
        ),
        ({"of": {"pinning": 300 * "x"}}, r"of.pinning: 'x+\.\.\.' has more than 200 characters"),
        ({"says": 301 * "x"}, r"says: 'x+\.\.\.' has more than 300 characters"),
    ],
)
def test_a_claim_with_a_value_out_of_its_range_is_refused(change, fault, tmp_path):
    path = tmp_path / "c.yaml"
    content = {"claims": {"mine": {"states": "x", "parts": [part(**change)]}}}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError, match=fault):
        read(path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": 201 * "x"}, r"title: 'x+\.\.\.' has more than 200 characters"),
        ({"series": 21 * [{"label": "x", "where": {}}]}, r"series: .* has more than 20 entries"),
        ({"series": [{"label": "_x", "where": {}}]}, r"series\[0\].label: '_x' is not 1 to 200"),
        ({"where": {"pinning": ""}}, r"where.pinning: '' .*1 to 100 characters"),
    ],
)
def test_a_figure_with_a_value_out_of_its_range_is_refused(change, fault, tmp_path):
    figures = files.read_yaml(ROOT / "config/figures.yaml")
    figures["figures"]["figure1"] |= change
    path = tmp_path / "f.yaml"
    path.write_text(yaml.safe_dump(figures))
    with pytest.raises(VcperfError, match=f"figures.figure1.{fault}"):
        read_figures(path)


@pytest.mark.parametrize(
    ("keys", "value", "fault"),
    [
        (("node0",), {"ssh": "-oProxyCommand=x"}, "node0.ssh: '-oProxyCommand=x' is not a destina"),
        (("node0",), {"ssh": 256 * "x"}, "node0.ssh: 'x+...' is not a destination"),
        (("node0",), {"ssh_config": "x"}, "node0.ssh_config: unknown key"),
        (("node0", "domains", "c000"), {"address": "0.0.0.0"}, "'0.0.0.0' is not an IPv4 address"),
        (("node0", "domains", "c000"), {"address": "224.0.0.1"}, "address of one host"),
        (("node0", "domains", "c000"), {"address": "10.1.1.256"}, "'10.1.1.256' is not an IPv4"),
        (("node0", "domains", "c000"), {"xen": "-rf"}, "xen: '-rf' is not the domain's name"),
        (("node0", "domains", "c000"), {"xen": "a b"}, "xen: 'a b' is not the domain's name"),
        (("node0", "domains"), {"a b": {"address": "10.0.0.1"}}, "domains: 'a b' is not a name"),
        ((), {"-x": {"ssh": "a", "domains": {}}}, ": '-x' is not a name of letters"),
    ],
)
def test_a_testbed_with_a_value_out_of_its_form_is_refused(keys, value, fault, tmp_path):
    content = files.read_yaml(ROOT / "lab/testbed.yaml")
    entry = content["nodes"]
    for key in keys:
        entry = entry[key]
    entry |= value
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError, match=f"t.yaml: nodes.*{fault}"):
        testbed_file.read({**DEFAULT, "testbed": "xen", "testbed_file": str(path)})


def test_the_addresses_of_hosts_are_addresses(tmp_path):
    content = files.read_yaml(ROOT / "lab/testbed.yaml")
    for address in ("1.0.0.1", "22.4.5.6", "127.0.0.1", "100.64.0.9", "223.255.255.254"):
        content["nodes"]["node0"]["domains"]["c000"]["address"] = address
        path = tmp_path / "t.yaml"
        path.write_text(yaml.safe_dump(content))
        site = testbed_file.read({**DEFAULT, "testbed": "xen", "testbed_file": str(path)})
        assert site.ends["c000"]["address"] == address
