"""Which program plays a block's ping-pong, and how it is asked."""

import pytest
from helpers.checkout import ROOT

from vcperf.tools import pingpongs
from vcperf.tools.filter import Untrusted

COMMON = {"message_bytes": [1, 2, 4], "repetitions": 10, "seconds": 0.5, "ranks": ["a", "b"]}


@pytest.mark.parametrize(
    ("spec", "argv", "begins"),
    [
        (
            {"program": {"name": "pingpong", "source": "x"}},
            ["P", "-msglen", "L", "-iter", "10", "-time", "0.5", "PingPong"],
            "# Benchmarking PingPong",
        ),
        (
            {"program": {"name": "IMB-MPI1", "version": "2021"}},
            ["P", "-msglen", "L", "-iter", "10", "PingPong"],
            "# Benchmarking PingPong",
        ),
        (
            {"program": {"name": "IMB-MPI1", "file": "/x"}, "benchmark": "Bcast"},
            ["P", "-msglen", "L", "-iter", "10", "-npmin", "2", "Bcast"],
            "# Benchmarking Bcast",
        ),
        (
            {"program": {"name": "osu_latency", "folder": "/x"}},
            ["P", "-m", "1:4", "-i", "10"],
            "# OSU ",
        ),
    ],
)
def test_each_program_is_asked_in_its_own_words(spec, argv, begins):
    assert pingpongs.argv({**COMMON, **spec}, "P", "L") == argv
    assert pingpongs.begins(spec) == begins


@pytest.mark.parametrize(
    ("name", "file"), [("osu_latency", "imb/2021-mpich-tcp"), ("IMB-MPI1", "osu/7.5-latency")]
)
def test_the_output_of_another_program_is_refused(name, file):
    text = (ROOT / f"tests/data/{file}.txt").read_text()
    with pytest.raises(Untrusted):
        pingpongs.rows({**COMMON, "program": {"name": name}}, text)
