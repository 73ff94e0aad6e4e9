"""What all figures have in common."""

import re

from matplotlib.figure import Figure
from matplotlib.image import imread

from vcperf.figures import style

NOTE = "a note for all figures"


def drawn(folder, note):
    """A figure with a legend at its lower edge: its text and its pixels."""
    drawing = Figure(figsize=(4, 3), layout="constrained")
    axes = drawing.add_subplot()
    axes.plot([0, 1], label="curve")
    drawing.legend(loc="outside lower left")
    paths = [str(folder / f"figure.{ending}") for ending in ("svg", "png")]
    style.save(drawing, paths, note)
    with open(paths[0], encoding="utf-8") as handle:
        return handle.read(), imread(paths[1])


def test_a_note_stands_in_a_line_of_its_own_below_all_of_the_figure(tmp_path):
    plain, without = drawn(tmp_path, "")
    noted, with_it = drawn(tmp_path, NOTE)
    assert NOTE in noted and NOTE not in plain
    tall, wide, _ = without.shape
    assert with_it.shape[0] == tall + round(150 * style.NOTE_INCHES) and with_it.shape[1] == wide
    assert abs(with_it[:tall] - without).mean() < 0.01, "the figure itself is as it was"
    assert not (with_it[tall:] == 1).all()
    assert len(re.findall(">curve<", noted)) == 1
