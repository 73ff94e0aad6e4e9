"""Estimates of bandwidth: what keys them."""

from helpers.plans import plan_of

from vcperf.planning import matrix
from vcperf.planning.matrix import bandwidth


def estimates(change=None):
    section = {"paths": {"config1": ["vc00->c010"]}, "methods": ["pathload", "pathrate"]}
    cells = plan_of({"bandwidth": {**section, **(change or {})}}).cells
    return {c.labels["method"]: c for c in cells if c.kind == "bandwidth"}


def test_an_estimate_is_keyed_by_the_version_of_ours(monkeypatch):
    before = estimates()
    assert all(cell.spec["duration_s"] and cell.spec["source"] for cell in before.values())
    monkeypatch.setattr(bandwidth, "SOURCE", "another")
    assert all(cell.name != before[method].name for method, cell in estimates().items())


def test_a_sites_own_estimator_is_keyed_by_neither_source_nor_duration(monkeypatch):
    own = {"programs": {"pathload": {"sender": "/bin/a", "receiver": "/bin/b"}}}
    spec = estimates(own)["pathload"].spec
    assert "source" not in spec and "duration_s" not in spec
    assert "source" in estimates(own)["pathrate"].spec
    monkeypatch.setattr(bandwidth, "SOURCE", "another")
    longer = {**own, "duration_s": {"pathload": 30}}
    assert estimates(longer)["pathload"].spec == spec
    block = next(b for b in plan_of({"bandwidth": own}).blocks if b.cell.kind == "bandwidth")
    assert matrix.seconds(block) > 0
