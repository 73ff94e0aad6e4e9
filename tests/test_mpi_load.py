"""EP as the load of a ping-pong: counted as it reports, in the block and in its table."""

import os
import threading

import pytest
from conftest import ROOT

from vcperf.errors import VcperfError
from vcperf.measure import ep_load
from vcperf.tables import ep as table
from vcperf.testbeds.background import Background

STARTED = "EP repeat started: class S processes 2 at 1000.000000\n"
RUN = (ROOT / "tests/data/ep/ours-mpich-S.txt").read_text()


def steps(*numbers: int, mops: float = 33.55, clock: float = 1000.0) -> str:
    """Lines of steps of a second each at 33.55 Mop/s, and of less at more."""
    text = ""
    for number in numbers:
        start = clock + number
        end = start + 33.554432 / mops
        text += f" EP repeat {number}: start {start:.6f} end {end:.6f} pairs 16777216"
        text += f" Mop/s {mops:.2f} SUCCESSFUL\n"
    return text


class Pipe:
    """A command under way whose output the test writes."""

    def __init__(self):
        there, self.end = os.pipe()
        self.stdout = os.fdopen(there, "rb", 0)
        record = {"domain": "c001", "argv": ["/opt/bin/mpiexec"], "start": 0.0}
        self.background = Background(record, self, lambda: 0, lambda: None)

    def write(self, text: str) -> None:
        os.write(self.end, text.encode())

    def close(self) -> None:
        os.close(self.end)


@pytest.fixture
def running(monkeypatch):
    monkeypatch.setattr(ep_load, "ALONE_S", 0.0)
    return Pipe()


def load_of(pipe, **changes):
    return ep_load.Load(pipe.background, {"class": "S", "ranks": ["c001", "c011"], **changes})


def test_steps_are_counted_as_they_come_in(running):
    load = load_of(running)
    running.write("libfabric provider: tcp\n" + STARTED + steps(1, 2, 3))
    load.run_alone()
    running.write(steps(4, 5) + steps(6)[:30])
    load.mark("began")
    running.write(steps(6)[30:] + steps(7, 8))
    load.mark("ended")
    running.write(steps(9, 10))
    load.outlive()
    assert load.steps == {"alone": 3, "began": 5, "ended": 8, "checked": 10}


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("EP repeat stopped: steps 4 at 1010.000000\n", "ended without 'Mop/s'"),
        (steps(4).replace(" 4:", " 5:") + steps(6), "expected step 4, not 5"),
        (steps(4).replace("SUCC", "UNSUCC") + steps(5), "step 4 failed its verification"),
    ],
)
def test_a_load_that_does_not_outlive_the_ping_pong_or_is_wrong_is_refused(running, last, said):
    load = load_of(running)
    running.write(STARTED + steps(1, 2, 3))
    load.run_alone()
    load.mark("began")
    load.mark("ended")
    running.write(last)
    running.close()
    with pytest.raises(VcperfError, match=said):
        load.outlive()


@pytest.mark.parametrize("changes", [{"class": "W"}, {"ranks": ["c001", "c011", "c021"]}])
def test_a_program_of_another_class_or_on_fewer_processes_is_refused(running, changes):
    load = load_of(running, file="/opt/npb/ep.S.x", **changes)
    running.write(RUN * 3)
    load.run_alone()
    load.mark("ended")
    running.write(RUN * 2)
    with pytest.raises(VcperfError, match="it ran class S on 2 processes, not class"):
        load.outlive()


def test_what_a_load_prints_meanwhile_fills_no_pipe(running):
    """A pipe holds 64 KB: the load would stand still after that."""
    measured = Pipe()

    def print_much():
        for _ in range(40):
            running.write("x" * 9999 + "\n")
        measured.write("done\n")
        measured.close()

    printing = threading.Thread(target=print_much, daemon=True)
    printing.start()
    measured.background.wait(20, running.background)
    assert measured.background.record["output"] == "done\n"
    assert len(running.background.so_far()) == 40 * 10000


def record(output: str, count: dict, **load) -> dict:
    """A record of a ping-pong from 5000 to 5010 by our clock."""
    moment = {"start": 5000.0, "end": 5010.0}
    commands = [
        {"role": "measure", "output": "", **moment},
        {"role": "load", "output": output, "steps": count, **moment},
    ]
    spec = {"load": {"class": "S", "ranks": ["c001", "c011"], **load}}
    host = {"host": "h", "kernel": "k", "platform": "p"}
    return {"spec": spec, "commands": commands, "host": host, "disturbed": []}


def rows(content, monkeypatch):
    monkeypatch.setattr(table, "conditions", lambda *_: {"status": "ok"})
    alone, beside = table.rows({"record": "r.json"}, content, 10.0)
    assert (alone["phase"], beside["phase"]) == ("alone", "pingpong")
    return alone, beside


@pytest.mark.parametrize("clock", [1000.0, 5000.0, 99999.0])
def test_the_phases_do_not_depend_on_the_clock_of_the_guests(clock, monkeypatch):
    started = STARTED.replace("1000", f"{clock:.0f}")
    output = started + steps(1, mops=50.0, clock=clock)  # warms up
    output += steps(2, 3, mops=100.0, clock=clock)
    output += steps(4, mops=90.0, clock=clock)  # under way as the messages began
    output += steps(5, 6, mops=40.0, clock=clock)
    output += steps(7, mops=90.0, clock=clock)  # under way as they ended
    output += steps(8, mops=100.0, clock=clock) + "EP repeat 9: st"  # cut as it was ended
    count = {"alone": 3, "began": 3, "ended": 6, "checked": 8}
    alone, beside = rows(record(output, count), monkeypatch)
    assert (alone["steps"], alone["mops"], alone["verified"]) == (2, pytest.approx(100), "yes")
    assert (beside["steps"], beside["mops"], beside["verified"]) == (2, pytest.approx(40), "yes")
    assert alone["status"] == beside["status"] == "ok"


def test_a_phase_without_a_whole_step_says_so(monkeypatch):
    output = STARTED + steps(1, 2, 3, 4, 5, 6)
    count = {"alone": 3, "began": 4, "ended": 5, "checked": 6}
    alone, beside = rows(record(output, count), monkeypatch)
    assert alone["steps"] == 2 and alone["status"] == "ok"
    assert (beside["steps"], beside["status"]) == (0, "short")
    assert beside["mops"] is beside["verified"] is None


def test_runs_of_a_program_of_the_sites_are_counted_alike(monkeypatch):
    count = {"alone": 3, "began": 3, "ended": 5, "checked": 7}
    content = record(RUN * 7 + "\n EP Benchmark Results:\n", count, file="/opt/npb/ep.S.x")
    alone, beside = rows(content, monkeypatch)
    assert (alone["steps"], beside["steps"]) == (2, 1)
    assert alone["mops"] == beside["mops"] > 0
