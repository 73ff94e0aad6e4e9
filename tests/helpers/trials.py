"""The trials of tests/faults and tests/lab: what is done, what a user then sees, and what is left.

docs/faults.md is this table as a page: `python -m helpers.trials > docs/faults.md`, in tests/ with
PYTHONPATH=../scripts. Each trial is the subject of a test, which holds the messages against what
was printed.
"""

import re
from typing import NamedTuple

import pytest

NOTHING = "nothing"
PAGE = """# Faults

What was done to vcperf, what a user then sees, and what is left. A dot dot dot (…) stands for a
name or a number. Each row is a test in [tests/faults](../tests/faults), or in
[tests/lab](../tests/lab) when it needs a real KVM host, which holds these messages against what is
printed. After every one of them no process of ours runs, no file lies in the
temporary folder, no file system is mounted, and no lock is held. The records that are finished stay
as they are, byte for byte, and the next run measures what is missing.

| what was done | what a user sees | what is left |
|---|---|---|
"""
FOOT = """
`make test` runs the short ones, `make test-slow` all but those on a KVM host, which `make test-lab`
runs. Programs are killed at moments that a seed
decides.

## In the long run

`make test-endurance` measures 2,000 blocks in a row, as short as they can be, and holds the memory,
open files, threads and namespaces of the last quarter against those of the second. It also kills a
campaign 20 times. Its records must then be whole, and its cells those of a campaign that was not
killed.

"""


class Trial(NamedTuple):
    """A row of the page.

    Args:
        done: what was done.
        sees: the lines, one of which a user sees; none when all goes well.
        left: what is left of a block or a campaign.
    """

    done: str
    sees: tuple[str, ...]
    left: str = NOTHING

    def check(self, said: str) -> None:
        """Hold what was printed, of which the lines about others do not count, against `sees`."""
        lines = [line for line in said.splitlines() if not line.startswith(OTHERS)]
        assert "Traceback" not in said, said
        assert len(lines) == min(1, len(self.sees)), said
        assert all(any(matches(text, line) for text in self.sees) for line in lines), said


OTHERS = ("disturbed: ", "waited ", "Waiting: ")  # others measure on this machine too
FULL = "cannot be written: No space left on device; free space or fix the disk, and run again"
BLOCK = "TCP_STREAM vc00->c010 16384 bytes"
TRIALS = {
    "hangs": Trial(
        "netperf closes its output and goes on",
        ("domain vc00: netperf closed its output, but did not end in time",),
    ),
    "endless": Trial("netperf prints 500 MB", ("domain vc00: netperf printed more than 8 MB",)),
    "endless version": Trial(
        "netperf prints 500 MB when it is asked for its version", (), "a sound record, no version"
    ),
    "at once": Trial(
        "netperf reports at once, without having measured",
        (f"{BLOCK}: reports … s, but ran only … s",),
    ),
    "long": Trial(
        "netperf takes 10 s longer than it reports",
        (f"{BLOCK}: reports … s, but ran … s; is the host overloaded?",),
    ),
    "clock of netperf": Trial(
        "the clock is set forward by an hour while netperf measures",
        (f"{BLOCK}: reports 3601 s, but ran only … s",),
    ),
    "our clock": Trial(
        "the clock of the measuring process jumps by an hour in a block", (), "a sound record"
    ),
    "server's child": Trial(
        "netserver has a child that keeps its output open when it ends", (), "a sound record"
    ),
    "loopback": Trial(
        "the loopback interface is down, on the testbed native",
        ("testbed native: the loopback interface lo is down; `ip link set lo up`",),
    ),
    "measuring": Trial("the measuring process is killed", ()),
    "netserver": Trial(
        "netserver is killed",
        (
            f"{BLOCK}: netperf ended with status …",
            "domain c010: netserver does not listen on port …",
        ),
    ),
    "netperf": Trial(
        "netperf is killed",
        (f"{BLOCK}: netperf ended with status -9: it was killed by signal 9",),
    ),
    "rank": Trial("an MPI rank is killed", ("PingPong c000-c010 on mpich: …",)),
    "ep": Trial(
        "a rank of EP, the load, is killed",
        ("domain c001: …/mpiexec ended without 'Mop/s': …", "EP S on c001-c011: …"),
    ),
    "perf": Trial("perf is killed", ("perf record: it was killed by signal 9",)),
    "ssh": Trial(
        "an ssh to the host odd is killed",
        (
            "odd: cannot be reached by ssh (the connection was lost)",
            "domain …: odd: cannot be reached by ssh (the connection was lost)",
            "domain …: odd: nothing runs in it any more; was it killed, or its connection lost?",
        ),
    ),
    "silent host": Trial(
        "odd, a host reached by ssh, stops answering",
        (
            "domain …: odd: cannot be reached by ssh (the connection was lost)",
            "odd: cannot be reached by ssh (Connection to … timed out)",
        ),
    ),
    "guest": Trial(
        "a guest of a Xen host is destroyed",
        ("domain c000: node0 (odd) has no domain 'c000' now; it has Domain-0, c001",),
    ),
    "KVM guest": Trial(
        "a guest of a KVM host is destroyed",
        (
            "domain …: no guest '…' runs on node0 (kvm-vc00) now; these do: …",
            "domain …: kvm-…: cannot be reached by ssh (the connection was lost)",
        ),
    ),
    "KVM pins": Trial(
        "another program moves a VCPU of a KVM guest",
        (
            "domain …: pinned to CPUs …, but after the measurement it was on …;"
            " did something else move it?",
        ),
    ),
    "libvirtd": Trial(
        "libvirtd of a KVM host is killed, and started again after the block",
        ("node0 (kvm-vc00): virsh: …",),
    ),
    "libvirtd again": Trial(
        "libvirtd of a KVM host is killed and started again during a block", (), "a sound record"
    ),
    "disk at record": Trial(
        "the disk is full when a record is written",
        (
            "….json: cannot be written: No space left on device;"
            " free space or fix the disk, and run again",
        ),
    ),
    "disk at table": Trial(
        "the disk is full when a table is written",
        (f"results/tables/….csv: {FULL}",),
        "all records",
    ),
    "disk at figure": Trial(
        "the disk is full when a figure is drawn",
        (f"results/plots/…: {FULL}",),
        "all records and tables",
    ),
    "pins moved": Trial(
        "another program moves a pinned process",
        (
            "domain vc00: pinned to CPUs …, but after the measurement it was on …;"
            " did something else move it?",
        ),
    ),
}


def matches(text: str, line: str) -> bool:
    """Whether a line is one of a table's, in which … stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, text.split("…"))), line) is not None


def of(*names: str):
    """Gives a test its trials: it takes `trial`."""
    return pytest.mark.parametrize("trial", [TRIALS[name] for name in names], ids=names)


def page() -> str:
    """docs/faults.md."""
    rows = []
    for trial in TRIALS.values():
        lines = "<br>or ".join(f"`{line}`" for line in trial.sees) or NOTHING
        rows.append(f"| {trial.done} | {lines} | {trial.left} |")
    return PAGE + "\n".join(rows) + "\n" + FOOT.rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
