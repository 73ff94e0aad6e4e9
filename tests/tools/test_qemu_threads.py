"""The list of QEMU's threads: each is told apart by its name; those that end meanwhile are left
out. The script itself runs on real guests in tests/lab."""

import subprocess

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.tools import qemu_threads
from vcperf.tools.filter import Untrusted

REAL = ROOT / "tests/data/qemu_threads/qemu-7.2-tcg.txt"
NAMES = {
    "CPU 3/KVM": ("vcpu", 3),
    "CPU 0/TCG": ("vcpu", 0),
    "IO iothread12": ("iothread", 12),
    "IO mon_iothread": ("emulator", None),
    "vhost-4711": ("vhost", None),
    "qemu-system-x86": ("emulator", None),
    "kvm (1) S": ("emulator", None),
}


def stat(tid, name, user, system):
    fields = ["S", *["1"] * 10, str(user), str(system), *["0"] * 37]
    return f"{tid} ({name}) {' '.join(fields)}"


threads = st.lists(
    st.tuples(
        st.integers(1, 99999),
        st.sampled_from(list(NAMES)),
        st.integers(0, 10**9),
        st.sampled_from(["0", "0-1", "1,3-5"]),
    ),
    max_size=6,
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z 0-9]{0,8}[a-z0-9]", fullmatch=True), threads))
def test_every_thread_is_read_as_it_was_meant(guests):
    lines, wanted = [], []
    for pid, (guest, its) in enumerate(guests.items(), 1):
        lines.append(f"guest: {pid} {guest}")
        for tid, name, user, cpus in its:
            lines += [stat(tid, name, user, 7), f"Cpus_allowed_list:\t{cpus}"]
            kind, index = NAMES[name]
            row = {"guest": guest, "pid": pid, "tid": tid, "thread": kind, "index": index}
            wanted.append({**row, "name": name, "ticks": user + 7, "affinity": cpus})
    assert qemu_threads.parse("\n".join([*lines, "end\n"])) == wanted


def test_a_thread_that_ended_between_its_two_files_is_left_out():
    whole = qemu_threads.parse(REAL.read_text())
    lines = REAL.read_text().splitlines()
    allowed = [at for at, line in enumerate(lines) if line.startswith("Cpus_allowed")]
    for number, at in enumerate(allowed):
        rows = qemu_threads.parse("\n".join([*lines[:at], *lines[at + 1 :], ""]))
        assert rows == whole[:number] + whole[number + 1 :]


def test_output_cut_anywhere_is_refused():
    text = REAL.read_text().rstrip("\n")
    for cut in range(0, len(text), 7):
        with pytest.raises(Untrusted):
            qemu_threads.parse(text[:cut])


def test_guests_whose_vcpus_are_kvms_are_not_emulated():
    kvm = REAL.with_name("kvm-vhost.txt")
    assert qemu_threads.emulated(qemu_threads.parse(REAL.read_text()))
    assert not qemu_threads.emulated(qemu_threads.parse(kvm.read_text()))


def test_of_a_guest_that_does_not_run_nothing_is_listed():
    argv = qemu_threads.argv(["no such guest", "../../$(touch here)"])
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert qemu_threads.parse(done.stdout) == []
