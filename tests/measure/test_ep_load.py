"""EP as the load of a ping-pong: its steps are counted while they come in."""

import os
import threading

import pytest
from helpers.ep_output import RUN, STARTED, steps

from vcperf.errors import VcperfError
from vcperf.measure import ep_load
from vcperf.testbeds.background import Background


class Pipe:
    """A command under way whose output the test writes."""

    def __init__(self):
        there, self.end = os.pipe()
        self.stdout = os.fdopen(there, "rb", 0)
        record = {"domain": "c001", "argv": ["/opt/bin/mpiexec"], "start": 0.0}
        self.background = Background(record, self, lambda _: 0, lambda: None, lambda: None)

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


def test_a_load_that_prints_much_does_not_stand_still(running):
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
