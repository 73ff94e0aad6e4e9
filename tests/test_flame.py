"""Flame graphs: frames as wide as their samples, names that cannot break the picture."""

import io
import itertools
from xml.etree import ElementTree as ET

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.figures import flame
from vcperf.tools import perf_stacks

SVG = "{http://www.w3.org/2000/svg}"
STACKS = st.dictionaries(
    st.lists(st.text(st.characters(exclude_characters=";\n\r"), min_size=1), min_size=1).map(
        lambda names: ";".join(f"x{name}" for name in names)
    ),
    st.integers(1, 1000),
    min_size=1,
    max_size=8,
)


def frames(svg):
    """(title, x, y, width, label) of each frame."""
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        box, label = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        place = [float(box.get(key)) for key in ("x", "y", "width")]
        yield group.find(f"{SVG}title").text, *place, "" if label is None else label.text


@given(STACKS, st.text())
def test_frames_stand_on_their_callers(stacks, title):
    lines = [f"{stack} {samples}" for stack, samples in stacks.items()]
    svg = flame.draw(lines, title)
    drawn = list(frames(svg))
    whole = flame.WIDTH - 2 * flame.MARGIN
    total = sum(stacks.values())
    assert next(d[3] for d in drawn if d[0].startswith("all (")) == pytest.approx(whole, abs=0.01)
    bottom = max(y for _, _, y, _, _ in drawn)
    for told, x, y, width, label in drawn:
        samples = int(told.rsplit("(", 1)[1].split()[0])
        assert width == pytest.approx(samples / total * whole, abs=0.01)
        assert len(label) * flame.CHARACTER <= max(0, width - 5)
        under = [d for d in drawn if d[2] == y + flame.ROW]
        assert y == bottom or any(
            d[1] - 0.02 <= x and x + width <= d[1] + d[3] + 0.02 for d in under
        )
    assert flame.draw(lines[::-1], title).count("<g>") == len(drawn)


def test_no_frames_overlap():
    with (ROOT / "tests/data/perf/netperf-stacks.txt").open("rb") as file:
        lines = perf_stacks.folded(io.BytesIO(file.read()))
    drawn = sorted(frames(flame.draw(lines, "netperf")), key=lambda d: (d[2], d[1]))
    assert len(drawn) > 100
    for left, right in itertools.pairwise(drawn):
        assert left[2] != right[2] or left[1] + left[3] <= right[1] + 0.02
    assert flame.draw(lines, "netperf") == flame.draw(lines, "netperf")


def test_names_are_escaped_and_cut_to_fit():
    svg = flame.draw(['a;<b>&"c\x01 99', f"a;{'long' * 10} 1"], "x < y & z", "of <d>")
    told = {d[0]: d[4] for d in frames(svg)}
    assert told['<b>&"c\ufffd (99 samples, 99.00 %)'] == '<b>&"c\ufffd'
    assert told["longlonglonglonglonglonglonglonglonglong (1 samples, 1.00 %)"] == ""
    assert ET.fromstring(svg).find(f"{SVG}title").text == "x < y & z"
    assert "<script" not in svg and "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_what_is_too_narrow_is_told():
    svg = flame.draw(["a 1000000", "b 1"], "t")
    assert "1000001 samples; 1 frames too narrow to draw" in svg


@pytest.mark.parametrize(("samples", "said"), [(399, True), (400, False)])
def test_too_few_samples_are_told(samples, said):
    svg = flame.draw([f"a;b {samples - 1}", "a 1"], "t")
    assert (f"{samples} samples; too few samples" in svg) is said


@pytest.mark.parametrize("lines", [[], ["a;b"], ["a;b x"], [" 5"], ["a -1"], ["a;b 0"], ["a ²"]])
def test_what_is_no_folded_stack_is_refused(lines):
    with pytest.raises(VcperfError, match="folded stacks"):
        flame.draw(lines, "t")
