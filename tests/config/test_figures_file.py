"""Files that describe figures."""

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.figures import read as read_figures

from vcperf.config import files
from vcperf.errors import VcperfError


def test_paths_in_figures_may_have_blanks(tmp_path):
    path = tmp_path / "figures.yaml"
    figures = files.read_yaml(ROOT / "config/figures.yaml")
    plain = read_figures(ROOT / "config/figures.yaml")
    text = yaml.safe_dump(figures).replace("->", " -> ")
    assert "vc00 -> c010" in text
    path.write_text(text)
    assert read_figures(path) == plain


def test_a_figure_of_an_unknown_metric_is_refused(tmp_path):
    file = tmp_path / "figures.yaml"
    file.write_text("figures: {one: {title: x, metrics: [speed], series: []}}")
    with pytest.raises(VcperfError, match=r"figures\.yaml: figures\.one\."):
        read_figures(file)


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ((), "where"),
        (("figures", "one"), "figures.one.where"),
        (("figures", "one", "series", 0), "figures.one.series[0].where"),
        (("figures", "one", "bands", 0), "figures.one.bands[0].where"),
    ],
)
def test_a_name_that_no_campaign_of_the_file_has_is_refused(tmp_path, place, key):
    part = {"label": "x", "where": {}}
    figure = {"title": "x", "metrics": ["throughput_mbps"], "where": {}, "series": [part]}
    content = {"where": {}, "figures": {"one": {**figure, "bands": [{**part}]}}}
    at = content
    for name in place:
        at = at[name]
    at["where"] = {"pinning": "config4"}
    file = tmp_path / "figures.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError) as refused:
        read_figures(file)
    said = "unknown pinning 'config4', did you mean 'config3'?"
    assert str(refused.value) == f"{file}: {key}.pinning: {said}"
    at["where"] = {"pinning": "config3"}
    file.write_text(yaml.safe_dump(content))
    assert read_figures(file, {"pinnings": {"mine": {}}})
