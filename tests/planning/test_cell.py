"""A spec holds what decides a result, and nothing else."""

import random

from helpers.plans import plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf.planning.cell import canonical, spec_key


def test_a_spec_holds_no_label():
    """The pinning's name, the seed and the titles decide no result."""
    for cell in plan_of({}).cells:
        text = canonical(cell.spec)
        assert cell.labels["pinning"] not in text and "seed" not in text and "title" not in text


json_values = st.recursive(
    st.integers() | st.text() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, min_size=1), st.randoms())
@settings(max_examples=50)
def test_a_key_depends_on_the_content_and_not_on_its_order(spec, chance: random.Random):
    items = list(spec.items())
    chance.shuffle(items)
    assert spec_key(dict(items)) == spec_key(spec)
    changed = {**spec, items[0][0]: [items[0][1]]}
    if items[0][0] != "block":
        assert spec_key(changed) != spec_key(spec)
