"""The heat map of a mesh: what is where, and what is named."""

import numpy as np
import pytest
from helpers.meshes import LABELS, logarithms, table
from matplotlib.colors import to_hex

from vcperf.analysis import mesh
from vcperf.figures import mesh as figure


@pytest.fixture
def drawn():
    def draw(nodes=8, **options):
        values = logarithms(nodes, 5, np.random.default_rng(4), disturbed=0, **options)
        tables = mesh.tables({"netperf": table(values)}, {"netperf": [LABELS]})
        return figure.draw(tables, LABELS), np.exp(np.nanmedian(values, axis=-1))

    return draw


def heading(drawing):
    return drawing.axes[0].get_title(loc="left")


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_a_row_is_a_sender_and_a_column_a_receiver(drawn):
    drawing, medians = drawn()
    axes = drawing.axes[0]
    shown = np.ma.filled(axes.images[0].get_array(), np.nan)
    assert np.allclose(shown, medians, equal_nan=True)
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("sender", "receiver")
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["n00", "n01"]
    assert "Throughput (Mbit/s)" in [each.get_ylabel() for each in drawing.axes]
    assert heading(drawing).startswith("nothing stands out\n")


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_a_slow_pair_is_framed_and_named(drawn):
    drawing, _ = drawn(slow=(1, 2, 0.8))
    frames = [
        points
        for points in drawing.axes[0].collections
        if to_hex(points.get_edgecolor()[0]) == figure.COLOURS["slower"].lower()
    ]
    assert [points.get_offsets().tolist() for points in frames] == [[[2.0, 1.0]]]
    assert heading(drawing).startswith("stand out: n01->n02 -")


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_the_name_of_a_slow_node_has_its_colour(drawn):
    drawing, _ = drawn(slow_node=(5, 0.7))
    coloured = {
        label.get_text()
        for label in drawing.axes[0].get_yticklabels()
        if label.get_color() == figure.COLOURS["slower"]
    }
    assert coloured == {"n05"}
    assert "n05 as sender -" in heading(drawing) and "n05 as receiver -" in heading(drawing)


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_many_nodes_have_no_names_on_the_axes(drawn):
    drawing, _ = drawn(nodes=41)
    assert not drawing.axes[0].get_yticklabels()
