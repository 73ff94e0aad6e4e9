"""What EP prints, step by step."""

from helpers.checkout import ROOT

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
