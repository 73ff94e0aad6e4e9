"""The parsers of virsh's output, and its command lines; the real virsh takes them."""

import shutil
import subprocess

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.basics import cpulist
from vcperf.errors import VcperfError
from vcperf.tools import virsh
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/virsh"
SOUND = [file for file in sorted(DATA.glob("*.txt")) if file.with_suffix(".csv").exists()]
each_sound = pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
needs_virsh = pytest.mark.skipif(shutil.which("virsh") is None, reason="no virsh on this machine")
GUEST = "web 1"
# Of libvirt's `test` driver, which keeps what it is told in virsh's own process.
NODE = f"""
<node>
  <domain type='test'>
    <name>{GUEST}</name><memory>2097152</memory><vcpu>2</vcpu><iothreads>2</iothreads>
    <os><type arch='i686'>hvm</type></os>
  </domain>
  <cpu>
    <mhz>1000</mhz><model>i986</model><active>8</active>
    <nodes>1</nodes><sockets>4</sockets><cores>2</cores><threads>1</threads>
  </cpu>
</node>
"""


@each_sound
def test_output_cut_anywhere_gives_no_other_row(file):
    text = file.read_text()
    whole = virsh.parse(text)
    for cut in range(len(text)):
        try:
            rows = virsh.parse(text[:cut])
        except Untrusted:
            continue
        assert rows == whole[: len(rows)]


@each_sound
def test_a_line_of_something_else_is_refused_anywhere(file):
    lines = file.read_text().splitlines(keepends=True)
    for foreign in ("error: Domain not found\n", "x\n", "Id Name State\n", " 9 9-8\n"):
        for at in range(len(lines) + 1):
            with pytest.raises(Untrusted):
                virsh.parse("".join([*lines[:at], foreign, *lines[at:]]))


@given(st.lists(st.sets(st.integers(0, 15), min_size=1), min_size=1, max_size=5))
def test_every_pin_of_vcpuinfo_is_read_as_it_was_meant(pins):
    parts = []
    for number, cpus in enumerate(pins):
        signs = "".join("y" if cpu in cpus else "-" for cpu in range(16))
        parts.append(
            f"VCPU:           {number}\nCPU:            {min(cpus)}\nState:          running\n"
            f"CPU time:       {number}.5s\nCPU Affinity:   {signs}\n\n"
        )
    rows = virsh.parse("".join(parts))
    assert [(row["index"], row["cpu"], row["time_s"]) for row in rows] == [
        (number, min(cpus), number + 0.5) for number, cpus in enumerate(pins)
    ]
    assert [set(cpulist.parse(row["affinity"])) for row in rows] == pins


def test_times_of_guests_are_read_by_guest():
    text = "Domain: 'a b'\n  cpu.time=9\n  vcpu.current=1\n\nDomain: 'c'\n  cpu.time=7\n\n"
    assert virsh.parse_domstats(text) == {
        "a b": {"cpu.time": "9", "vcpu.current": "1"},
        "c": {"cpu.time": "7"},
    }
    for damaged in (text[:-5], text + text, "  cpu.time=9\n", "error: no\n"):
        with pytest.raises(Untrusted):
            virsh.parse_domstats(damaged)


@pytest.mark.parametrize(
    "make",
    [
        lambda: virsh.vcpupin_argv(virsh.URI, "a", 0, "7-0"),
        lambda: virsh.vcpupin_argv(virsh.URI, "a", 0, ""),
        lambda: virsh.emulatorpin_argv(virsh.URI, "a", "--config"),
        lambda: virsh.iothreadpin_argv(virsh.URI, "a", 1, "0 1"),
        lambda: virsh.vcpuinfo_argv("-c", "a"),
        lambda: virsh.vcpuinfo_argv(virsh.URI, ""),
        lambda: virsh.vcpuinfo_argv(virsh.URI, "a\nb"),
    ],
)
def test_what_virsh_would_take_for_something_else_is_refused(make):
    with pytest.raises(VcperfError) as caught:
        make()
    assert str(caught.value).isprintable()


@needs_virsh
def test_the_real_virsh_takes_every_command_line(tmp_path):
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    uri = f"test://{node}"

    def printed(argv):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    vcpus = virsh.parse(printed(virsh.vcpuinfo_argv(uri, GUEST)))
    assert [(row["index"], row["affinity"]) for row in vcpus] == [(0, "0-7"), (1, "0-7")]
    pins = virsh.parse(printed(virsh.vcpupin_argv(uri, GUEST)))
    assert [(row["thread"], row["affinity"]) for row in pins] == [("vcpu", "0-7")] * 2
    (emulator,) = virsh.parse(printed(virsh.emulatorpin_argv(uri, GUEST)))
    assert (emulator["thread"], emulator["affinity"]) == ("emulator", "0-7")
    iothreads = virsh.parse(printed(virsh.iothreadinfo_argv(uri, GUEST)))
    assert [row["index"] for row in iothreads] == [1, 2]
    assert set(virsh.parse_domstats(printed(virsh.domstats_argv(uri)))) == {GUEST}


@needs_virsh
@pytest.mark.parametrize(
    "argv",
    [
        virsh.vcpupin_argv("test:///default", "test", 0, "1"),
        virsh.emulatorpin_argv("test:///default", "test", "0-1"),
        virsh.iothreadpin_argv("test:///default", "test", 1, "0"),
    ],
)
def test_the_real_virsh_understands_a_pin_of_a_running_guest(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # What virsh does not understand it refuses before the driver is asked; this driver pins no
    # running guest, and has no I/O threads.
    refused = ("error: unsupported flags", "error: invalid argument: iothreadid 1 not found")
    assert done.returncode == 0 or done.stderr.startswith(refused), done.stderr
