"""Call stacks of a profile as a table."""

import pytest
from helpers.profiles import PLANNED

from vcperf.errors import VcperfError
from vcperf.tables import profile_stacks


def test_the_samples_of_rare_stacks_are_a_row_without_a_stack():
    found = {"folded": "vc00;netperf;send it 12\nvc00;a\u2028b 3\n", "folded_left_out": 5}
    rows = profile_stacks.rows(PLANNED, {"profile": found}, 10)
    assert [(row["call_stack"], row["samples"]) for row in rows] == [
        ("vc00;netperf;send it", 12),
        ("vc00;a\u2028b", 3),
        ("", 5),
    ]
    assert profile_stacks.rows(PLANNED, {"profile": {"folded": "", "folded_left_out": 0}}, 10) == []


@pytest.mark.parametrize("line", ["a;b", "a;b x", " 5", "a -1", "a \u00b2"])
def test_what_is_no_folded_stack_is_refused(line):
    found = {"folded": f"a 1\n{line}\n", "folded_left_out": 0}
    with pytest.raises(VcperfError, match=r"^a record: folded: '.*' is not `STACK SAMPLES`"):
        profile_stacks.rows(PLANNED, {"profile": found}, 10)
