"""The figures of a campaign: its own, and those of its kinds."""

import pytest
from helpers.outputs import outputs_of
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.kinds import netperf


def test_a_figure_of_the_campaign_stands_beside_those_of_the_kinds(tmp_path):
    names = {"mine", "claims", "overhead", "ep", "latency_load", "profile_images"}
    assert names <= set(outputs_of("mine", folder=tmp_path).drawings)


@pytest.mark.parametrize("taken", ["claims", "overhead", "ep", "latency_load", "profile_images"])
def test_a_figure_cannot_take_a_name_that_another_has(tmp_path, taken):
    outputs = outputs_of("mine", taken, folder=tmp_path)
    with pytest.raises(VcperfError, match=rf"figures\.yaml: figures\.{taken}: .* choose another"):
        assert outputs.drawings


def test_a_campaign_without_claims_has_no_figure_or_table_of_them(tmp_path):
    outputs = outputs_of("mine", folder=tmp_path, claims=())
    assert "claims" not in outputs.drawings and "claims" not in outputs.tables


def test_a_campaign_that_describes_no_figures_has_one_per_path(tmp_path):
    drawings = outputs_of(folder=tmp_path).drawings
    described = {name: one for name, one in drawings.items() if one.draw == "figures.curves:draw"}
    assert sorted(described) == [
        "tcp_stream_c000-to-c001",
        "tcp_stream_c000-to-c010",
        "tcp_stream_c000-to-c011",
        "tcp_stream_vc00-to-c000",
        "tcp_stream_vc00-to-c010",
    ]
    figure = described["tcp_stream_vc00-to-c000"].options["figure"]
    assert figure["where"] == {"testbed": "netns", "test": "TCP_STREAM", "path": "vc00->c000"}
    assert [one["label"] for one in figure["series"]] == ["config1", "config2", "config3"]
    assert figure["metrics"] == ["throughput_mbps"]


def test_numbers_of_streams_and_loads_have_figures_of_their_own():
    section = {"tests": ["TCP_RR"], "streams": [1, 4], "loads": ["none", "TCP_STREAM"]}
    section |= {"paths": {"config1": ["vc00->c000"], "config2": None, "config3": None}}
    cells = [cell for cell in plan_of({"netperf": section}).cells if cell.kind == "netperf"]
    options = {"figures": None, "baseline": "native", "kinds": ("netperf",)}
    found = {one.name: one for one in netperf.CARD.drawings(cells, options)}
    name = "tcp_rr_vc00-to-c000"
    own = {name, f"{name}_4-streams", f"{name}_beside-tcp_stream"}
    assert set(found) == own | {f"{name}_4-streams_beside-tcp_stream", "overhead"}
    figure = found[f"{name}_4-streams_beside-tcp_stream"].options["figure"]
    assert figure["title"] == "TCP_RR from vc00 to c000, 4 streams, beside TCP_STREAM"
    assert figure["where"]["streams"] == "4" and figure["where"]["load"] == "TCP_STREAM"
    assert not {"streams", "load"} & set(found[name].options["figure"]["where"])


def test_percentiles_have_a_figure_where_they_are_measured():
    for asked in (True, False):
        section = {"tests": ["TCP_RR"], "percentiles": asked}
        cells = [c for c in plan_of({"netperf": section}).cells if c.kind == "netperf"]
        options = {"figures": {}, "baseline": None, "kinds": ("netperf",)}
        names = [drawing.name for drawing in netperf.CARD.drawings(cells, options)]
        assert names == (["percentiles"] if asked else [])
