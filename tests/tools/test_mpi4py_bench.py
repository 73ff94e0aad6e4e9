"""The parser of mpi4py.bench's ping-pong: what damage may do to them."""

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import mpi4py_bench
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/mpi4py"
OUTPUTS = sorted(DATA.glob("*.txt"))
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
HEADER = "# MPI PingPong Test\n# Size [B]  Bandwidth [MB/s] | Time Mean [s] ± StdDev [s]  Samples\n"


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_is_refused_once_its_sizes_are_known(file):
    text = file.read_text()
    whole = mpi4py_bench.parse(text)
    expected = [row["message_bytes"] for row in whole]
    assert mpi4py_bench.parse(text, expected) == whole
    for cut in range(len(text)):
        with pytest.raises(Untrusted):
            mpi4py_bench.parse(text[:cut], expected)


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
@pytest.mark.parametrize("garble", "#\x00\u0663é")
def test_a_character_that_is_none_of_its_own_changes_no_figure(file, garble):
    text = file.read_text()
    whole = mpi4py_bench.parse(text)
    for at in range(len(text) - 1):
        try:
            rows = mpi4py_bench.parse(text[:at] + garble + text[at + 1 :])
        except Untrusted:
            continue
        assert rows == whole


@given(
    st.integers(0, 10),
    st.lists(
        st.tuples(st.floats(1e-7, 9.0), st.just(0.0) | st.floats(1e-9, 9.0), st.integers(1, 10**6)),
        min_size=1,
    ),
)
def test_rows_read_back(first, samples):
    text, expected = HEADER, []
    for exponent, (mean_s, deviation_s, count) in enumerate(samples[:20], start=first):
        size = 2**exponent
        text += (
            f"{size:10d}{size / mean_s / 1e6:18.2f} | {mean_s:.7e} ± {deviation_s:.4e} {count:8d}\n"
        )
        expected.append((size, count, mean_s * 1e6, deviation_s * 1e6, size / mean_s / 1e6))
    for row, values in zip(mpi4py_bench.parse(text), expected, strict=True):
        assert tuple(row.values()) == pytest.approx(values, rel=1e-4, abs=1e-5)


@given(st.text() | st.text("0123456789.e+-|± \n").map(HEADER.__add__))
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        assert mpi4py_bench.parse(text)
    except Untrusted as reason:
        assert "\n" not in str(reason)


@pytest.mark.parametrize(
    "options",
    [
        {"largest_bytes": 0},
        {"smallest_bytes": 5, "largest_bytes": 7},
        {"largest_bytes": 8, "iterations": 0},
        {"largest_bytes": 8, "iterations": True},
    ],
)
def test_what_measures_nothing_is_refused(options):
    with pytest.raises(VcperfError, match=r"expected|measures"):
        mpi4py_bench.argv("python3", **options)
