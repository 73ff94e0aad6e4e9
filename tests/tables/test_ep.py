"""EP's speed alone and beside the ping-pong, by the steps of its record."""

import pytest
from helpers.ep_output import RUN, STARTED, steps

from vcperf.tables import ep as table


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
