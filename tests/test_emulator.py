"""Emulated nodes sampled from outside: QEMU's own monitor, and what is made of its answers."""

import contextlib
import shutil
import subprocess

import pytest
from conftest import ROOT
from test_faults import wait_until

from vcperf import campaign, config
from vcperf.errors import VcperfError
from vcperf.profilers.emulator import Node
from vcperf.tables import profile_nodes
from vcperf.tools import qmp, xen_symbols
from vcperf.tools.filter import Untrusted

pytestmark = pytest.mark.xdist_group("measuring")

QEMU = shutil.which("qemu-system-x86_64")
# The first instruction of a PC; Intel's manual, volume 3, 10.1.4.
RESET = 0xFFF0
SYMBOLS = """\
0xffff82d040200000 T _stext
0xffff82d040200000 T start
0xffff82d040200040 t common/timer.c#up_heap
0xffff82d040200080 T do_iret
0xffff82d040300000 T _etext
0xffff82d040594420 B __per_cpu_offset
0xffff82d04057a8f8 B per_cpu__curr_vcpu
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """A QEMU of two processors that has not begun yet; its monitor."""
    if not QEMU:
        pytest.skip("no QEMU here; envs/setup.sh lab installs it")
    folder = tmp_path_factory.mktemp("emulator")
    argv = [QEMU, "-accel", "tcg", "-smp", "2", "-m", "16", "-display", "none", "-S"]
    argv += ["-no-user-config", "-nodefaults", "-qmp", "unix:qmp.sock,server=on,wait=off"]
    with subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL) as process:
        wait_until((folder / "qmp.sock").exists, "QEMU's monitor")
        yield folder / "qmp.sock"
        process.kill()


def test_the_monitor_tells_where_each_processor_is(emulator):
    with contextlib.closing(qmp.Monitor(str(emulator))) as monitor:
        registers, word = monitor.ask([qmp.REGISTERS, qmp.word_command(0)])
    assert [address for address, _ in qmp.parse_registers(registers)] == [RESET, RESET]
    assert qmp.parse_word(word) == 0  # empty memory


def test_what_the_monitor_refuses_is_told(emulator):
    with contextlib.closing(qmp.Monitor(str(emulator))) as monitor:
        with pytest.raises(Untrusted, match="not a word of memory: "):
            qmp.parse_word(monitor.ask(["no-such-command"])[0])
        with pytest.raises(Untrusted, match="no registers"):
            qmp.parse_registers(monitor.ask(["info status"])[0])


@pytest.mark.parametrize(
    ("monitor", "symbols", "said"),
    [
        ("nobody.sock", SYMBOLS, r"node0: \S+nobody.sock: No such file"),
        ("qmp.sock", "", r"node0: \S+xen.map: the symbols of Xen lack '_stext'"),
        ("qmp.sock", "ELF\x01", r"node0: \S+xen.map: not a symbol of Xen"),
        ("qmp.sock", SYMBOLS, r"node0: \S+qmp.sock: .*Cannot access memory.*; is \S+xen.map of"),
    ],
)
def test_a_node_that_is_not_as_expected_is_one_line(monitor, symbols, said, emulator, tmp_path):
    (tmp_path / "xen.map").write_text(symbols)
    files = {"monitor": str(emulator.parent / monitor), "symbols": str(tmp_path / "xen.map")}
    node = Node("node0", files, {"vc00": 0}, 97)
    with pytest.raises(VcperfError, match=said) as refused:
        node.connect()
    assert "\n" not in str(refused.value)


def test_addresses_of_the_hypervisor():
    symbols = xen_symbols.Symbols(SYMBOLS)
    assert symbols.function(0xFFFF82D040200041) == "common/timer.c#up_heap"
    assert symbols.function(0xFFFF82D0402FFFFF) == "do_iret"
    assert symbols.function(0xFFFF82D040300000) == xen_symbols.UNKNOWN  # data
    assert symbols.function(0xFFFF82CFFFFFE000) == xen_symbols.UNKNOWN  # a stub, before it
    assert symbols.current(0x1000) == 0xFFFF82D04057B8F8
    assert xen_symbols.in_hypervisor(0xFFFF82D040200041)
    assert not any(map(xen_symbols.in_hypervisor, (0xFFFFFFFF81000000, 0x7F0000000000)))


def test_shares_of_a_nodes_time_add_up():
    """200 samples of the emulator; perf in c000 counted 30 in the kernel and 10 in netserver."""
    inside = "event,domain,app,image,symbol,samples,percent\n"
    inside += "cpu-clock,c000,netserver,[kernel.kallsyms],f,30,\n"
    inside += "cpu-clock,c000,netserver,netserver,g,10,\n"
    node = {"samples": 200, "idle": 60, "seconds": 2.0}
    node |= {"hypervisor": {"do_iret": 30, "start": 10}, "domains": {"c000": 80, "c001": 20}}
    content = {"profile": {"rows": inside, "nodes": {"node0": node}}}
    rows = profile_nodes.rows({"block": "1"}, content, 0)
    share = {(r["domain"], r["image"], r["symbol"]): r["percent"] for r in rows}
    assert share == {
        ("xen", "all", ""): 20,
        ("xen", "xen-syms", "do_iret"): 15,
        ("xen", "xen-syms", "start"): 5,
        ("c000", "all", ""): 40,
        ("c000", "vmlinux", ""): 30,
        ("c000", "netserver", ""): 10,
        ("c001", "all", ""): 10,
        ("[idle]", "all", ""): 30,
    }
    assert profile_nodes.rows({"block": "1"}, {"profile": {"rows": inside}}, 0) == []


def test_only_where_an_emulator_can_be_asked(tmp_path):
    default = config.read_yaml(ROOT / "config/config.yaml")

    def profilers(file, profiler="perf"):
        content = {**default, "testbed": "xen", "testbed_file": str(file), "pingpong": None}
        content["profile"] = {**default["profile"], "profiler": profiler}
        clean = campaign.checked(content)
        cells = campaign.plan(clean, campaign.hosts(clean, ["xen"], (0, 1))).cells
        return {"hypervisor" in c.spec["profiler"] for c in cells if c.kind == "profile"}

    lab = ROOT / "lab/testbed.yaml"
    asked = ("emulator_monitor", "xen_symbols")
    lines = [line for line in lab.read_text().splitlines() if not line.strip().startswith(asked)]
    (tmp_path / "machines.yaml").write_text("\n".join(lines))
    assert profilers(lab) == {True}
    assert profilers(tmp_path / "machines.yaml") == {False}
    assert profilers(lab, "xenoprof") == {False}
