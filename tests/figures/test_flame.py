"""Flame graphs: frames as wide as their samples, names that cannot break the picture."""

import io
import itertools
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.figures import flame
from vcperf.tables import profile_blocks, profile_stacks
from vcperf.tables.read import typed
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
    svg = flame.svg(stacks, title)
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
    backwards = dict(reversed(stacks.items()))
    assert flame.svg(backwards, title).count("<g>") == len(drawn)


def test_no_frames_overlap():
    with (ROOT / "tests/data/perf/netperf-stacks.txt").open("rb") as file:
        lines = perf_stacks.folded(io.BytesIO(file.read()))
    stacks = {stack: int(samples) for stack, _, samples in (li.rpartition(" ") for li in lines)}
    drawn = sorted(frames(flame.svg(stacks, "netperf")), key=lambda d: (d[2], d[1]))
    assert len(drawn) > 100
    for left, right in itertools.pairwise(drawn):
        assert left[2] != right[2] or left[1] + left[3] <= right[1] + 0.02
    assert flame.svg(stacks, "netperf") == flame.svg(stacks, "netperf")


def test_names_are_escaped_and_cut_to_fit():
    svg = flame.svg({'a;<b>&"c\x01': 99, f"a;{'long' * 10}": 1}, "x < y & z", "of <d>")
    told = {d[0]: d[4] for d in frames(svg)}
    assert told['<b>&"c\ufffd (99 samples, 99.00 %)'] == '<b>&"c\ufffd'
    assert told["longlonglonglonglonglonglonglonglonglong (1 samples, 1.00 %)"] == ""
    assert ET.fromstring(svg).find(f"{SVG}title").text == "x < y & z"
    assert "<script" not in svg and "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_frames_that_are_too_narrow_are_counted():
    svg = flame.svg({"a": 1000000, "b": 1}, "t")
    assert "1000001 samples; 1 frames too narrow to draw" in svg


@pytest.mark.parametrize(("samples", "said"), [(399, True), (400, False)])
def test_too_few_samples_are_mentioned(samples, said):
    svg = flame.svg({"a;b": samples - 1, "a": 1}, "t")
    assert (f"{samples} samples; too few samples" in svg) is said


@pytest.mark.parametrize("stacks", [{}, {"a;b": 0}])
def test_a_cell_without_samples_is_an_error(stacks):
    with pytest.raises(VcperfError, match="nothing to draw"):
        flame.svg(stacks, "t")


LABELS = {"testbed": "netns", "pinning": "1", "path": "a->b", "workload": "netperf"}
LABELS |= {"test": "TCP_STREAM", "message_bytes": 16384, "sender": "a"}


def rows(block, stacks, **changes):
    """Rows of profile_stacks.csv."""
    return [
        {**LABELS, "block": block, "call_stack": stack, "samples": samples, **changes}
        for stack, samples in stacks.items()
    ]


def tables(stacks, *blocks):
    made = {"profile_stacks": (stacks, profile_stacks), "profile_blocks": (blocks, profile_blocks)}
    return {
        name: typed(pd.DataFrame(found, columns=module.COLUMNS))
        for name, (found, module) in made.items()
    }


def block(**changes):
    """A row of profile_blocks.csv."""
    counted = {"event": "cycles", "event_asked": "cycles", "platform": "here"}
    return {**LABELS, "block": 1, **counted, **changes}


def test_the_blocks_of_a_cell_are_added_up_and_no_others():
    stacks = [
        *rows(1, {"a;c": 1, "a;b": 300}),
        *rows(2, {"a;c": 20, None: 7}),
        *rows(1, {"a;c": 4000, None: 50}, message_bytes=4096),
        *rows(1, {"a;c": 50000}, workload="pingpong", point="A"),
    ]
    found = tables(stacks, block(), block(block=2), block(message_bytes=4096, event="other"))
    drawn = flame.draw(found, LABELS, "t")
    assert drawn["folded"] == "a;b 300\na;c 21\n"
    said = "cycles; here (netns); 2 blocks; 7 samples of rare stacks left out"
    assert f">{said}</text>" in drawn["svg"] and ">321 samples; too few" in drawn["svg"]


def test_another_event_than_the_one_asked_for_is_named():
    found = tables(rows(1, {"a": 1}), block(event="cpu-clock"))
    assert (
        ">cpu-clock in place of cycles; here (netns); 1 blocks</text>"
        in (flame.draw(found, LABELS, "t")["svg"])
    )
