"""A block is measured again when it was disturbed."""

from vcperf import __version__
from vcperf.measure import block

SPEC = {"testbed": "native", "nodes": {"n": {"dom0": "d", "domains": {"d": [[0]]}}}}


def test_the_wait_of_a_block_is_bounded_over_its_attempts(monkeypatch):
    asked = []

    def wait(testbed, limit, wait_s, known):
        asked.append((limit, round(wait_s, 3), known))
        return 1.5

    monkeypatch.setattr(block.quiet, "wait", wait)
    busy = iter([(30.0, 0.0), (20.0, 0.0), (40.0, 0.0)])
    monkeypatch.setattr(block.observation, "disturbance", lambda *_: next(busy))
    context = {"disturbed_percent": 7, "remeasure": 2, "quiet": {"wait_s": 4}, "code": "this"}

    def measure(testbed, spec, content):
        content["before"] = content["after"] = {}

    record = block._measured(measure, SPEC, context)
    assert record["code"] == "this" and record["vcperf"] == __version__
    assert asked == [(7, 4, False), (7, 2.5, True), (7, 1.0, True)]
    assert record["waited_s"] == 1.5 and [a["waited_s"] for a in record["disturbed"]] == [1.5] * 2
