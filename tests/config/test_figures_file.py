"""Files that describe figures."""

import pytest
import yaml
from helpers.checkout import ROOT

from vcperf.config import figures_file, files
from vcperf.errors import VcperfError


def test_paths_in_figures_may_have_blanks(tmp_path):
    path = tmp_path / "figures.yaml"
    figures = files.read_yaml(ROOT / "config/figures.yaml")
    plain = figures_file.read(str(ROOT / "config/figures.yaml"))
    text = yaml.safe_dump(figures).replace("->", " -> ")
    assert "vc00 -> c010" in text
    path.write_text(text)
    assert figures_file.read(str(path)) == plain


def test_a_figure_of_an_unknown_metric_is_refused(tmp_path):
    file = tmp_path / "figures.yaml"
    file.write_text("figures: {one: {title: x, metrics: [speed], series: []}}")
    with pytest.raises(VcperfError, match=r"figures\.yaml: figures\.one\."):
        figures_file.read(str(file))
