"""What a KVM host says, against what a spec wants, on what a real one printed (tests/data). That
pins change and are read back is shown on a real one, in tests/lab."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.testbeds import libvirt_node, libvirt_pins
from vcperf.tools import virsh

THREADS = (ROOT / "tests/data/qemu_threads/qemu-7.2-tcg.txt").read_text()
VCPUS = " VCPU   CPU Affinity\n----------------------\n"
EMULATOR = "emulator: CPU Affinity\n----------------------------------\n       *: 0-1\n"
IOTHREADS = " IOThread ID   CPU Affinity\n-----------------------------\n 1             0-1\n"
STATS = "Domain: 'c000'\n  vcpu.current=2\n  vcpu.0.time=1500000000\n  vcpu.1.time=500000000\n\n"
STATS += "Domain: 'c001'\n  vcpu.current=1\n  vcpu.0.time=7\n\n"
NODE = {
    "ssh": "root@one",
    "uri": virsh.URI,
    "dom0": "host",
    "domains": {"host": [[0]], "web": [[0], [1]], "c001": [[1]]},
    "guests": {"web": "c000", "c001": "c001"},
}


def look(node=NODE, stats=(0, STATS), cpus=2, **other):
    found = libvirt_node.LibvirtNode("node0", node, {}, cpus, "boot")
    pins = [(0, VCPUS + " 0      0\n 1      1\n"), (0, EMULATOR), (0, IOTHREADS)]
    pins += [(0, VCPUS + " 0      0-1\n"), (0, EMULATOR), (0, IOTHREADS)]
    answers = [(0, "7.5 3\n"), stats, (0, "0-1\n"), (0, other.get("threads", THREADS)), *pins]
    if "fails" in other:
        answers[-2] = (1, "error: Failed\nerror: no domain with matching name\n")
    return found.read(answers)


def moves(found):
    return {(row["guest"], row["thread"], row["index"]): cpus for row, cpus in found.misplaced()}


def test_threads_that_the_pinning_does_not_name_go_where_the_vcpus_are():
    found = moves(look())
    # c000: VCPUs are right by virsh and wrong by the kernel; the rest may use what both have.
    assert {key: cpus for key, cpus in found.items() if key[0] == "c000"} == {
        ("c000", "task", 92): "0",
        ("c000", "task", 93): "1",
    }
    assert {cpus for key, cpus in found.items() if key[0] == "c001"} == {"1"}
    assert {key[1:] for key in found if key[0] == "c001"} == {
        *(("task", tid) for tid in (99, 103, 104, 105, 106)),
        ("vcpu", 0),
        ("emulator", None),
        ("iothread", 1),
    }


def test_threads_that_the_pinning_names_go_there():
    node = {**NODE, "threads": {"web": {"emulator": [1], "iothreads": [0]}}}
    found = moves(look(node))
    mine = {key[1:]: cpus for key, cpus in found.items() if key[0] == "c000"}
    assert mine[("emulator", None)] == mine[("task", 91)] == mine[("task", 89)] == "1"
    assert mine[("iothread", 1)] == mine[("task", 90)] == "0"


def test_each_part_of_a_guest_has_its_own_account():
    account = look().account("web", 100)
    assert account == {
        "clock_s": 7.5,
        "cpu_s": 2.0,
        "emulator_s": pytest.approx(0.38),
        "iothreads_s": 0.0,
        "vhost_s": 0.0,
    }
    assert look().taken_s("c000", 100) == pytest.approx(0.38 + 4.48)
    assert look().threads("web") == {"emulator": "0-1", "iothreads": "0-1"}
    assert look().pinning("web") == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"stats": (1, "error: failed to connect\nerror: No such file\n")},
            "virsh: .*No such file",
        ),
        (
            {"stats": (0, STATS[: STATS.index("Domain: 'c001'")])},
            "domain c001: no guest 'c001' runs",
        ),
        ({"stats": (0, STATS.replace("=2", "=1"))}, "domain web: has 1 VCPUs on node0"),
        ({"cpus": 1}, "domain web: pinned to CPU 1, but node0 .root@one. has 1 CPUs"),
        ({"threads": THREADS[:-9]}, "cut off"),
        ({"fails": True}, "virsh: error: no domain with matching name"),
    ],
)
def test_what_a_host_lacks_is_one_line_that_names_it(change, says):
    with pytest.raises(VcperfError, match=says) as caught:
        look(**change)
    assert "node0 (root@one)" in str(caught.value) and "\n" not in str(caught.value)


def test_a_vcpu_whose_thread_has_no_name_is_an_error():
    found = look(threads=THREADS.replace("CPU 1/TCG", "qemu-system-x86"))
    with pytest.raises(VcperfError, match=r"web: .* no thread of QEMU is named after VCPU 1"):
        found.pinning("web")


def test_cpus_that_a_host_could_have_and_has_not_are_no_part_of_a_pin():
    """Of a thread that nobody pinned the kernel lists them; set again, it would not."""
    wide = THREADS.replace("\t0-1\n", "\t0-63,65\n")
    assert {row["affinity"] for row in look(threads=wide).rows if row["guest"] == "c001"} == {"0-1"}


def test_pins_are_put_back_by_virsh_first_and_then_thread_by_thread():
    rows = look().rows
    argvs = [libvirt_pins.put_argv({}, row) for row in rows if row["guest"] == "c000"]
    programs = [argv[0] for argv in argvs]
    assert programs == sorted(programs, key=["virsh", "taskset"].index)
    assert argvs[0] == virsh.vcpupin_argv(virsh.URI, "c000", 0, "0")
    assert argvs[2] == virsh.emulatorpin_argv(virsh.URI, "c000", "0-1")
    assert argvs[3] == virsh.iothreadpin_argv(virsh.URI, "c000", 1, "0-1")
    assert ["taskset", "-pc", "0-1", "89"] in argvs
    (was,) = (row for row in rows if row["index"] == 91)
    assert libvirt_pins.missed(was) == (
        "QEMU's thread 'IO mon_iothread' (emulator) of c000 is not on 0-1 again"
    )


def test_a_guest_that_was_started_again_has_no_pins_of_before():
    listing = [(0, "0-1\n"), (0, THREADS.replace("guest: 85 ", "guest: 885 "))]
    listing += [(0, VCPUS + " 0      0\n 1      1\n"), (0, EMULATOR), (0, IOTHREADS)]
    before = [row for row in look().rows if row["guest"] == "c000"]
    journal = {"vcpus": before}
    now = libvirt_pins.listed(lambda _: listing, "one", journal)
    now = [row for row in now if row["guest"] == "c000"]
    assert len(now) == len(before)
    assert not {libvirt_pins.key(row) for row in now} & {libvirt_pins.key(row) for row in before}
