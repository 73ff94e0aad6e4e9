"""Estimates of bandwidth as bands behind curves."""

import pandas as pd
import pytest

from vcperf.figures import bands, curves


def estimates(**columns):
    row = {"pinning": "p1", "path": "a->b", "method": "pathload", "status": "ok"}
    return pd.DataFrame([{**row, "high_mbps": None, **columns}])


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (estimates(kind="range", low_mbps=700.0, high_mbps=750.0), "load: 700-750 Mbit/s"),
        (estimates(kind="lower_bound", low_mbps=700.0), "load: at least 700 Mbit/s"),
        (
            pd.concat(
                [
                    estimates(kind="lower_bound", low_mbps=800.0, status="disturbed"),
                    estimates(kind="range", low_mbps=700.0, high_mbps=750.0),
                ]
            ),
            "load: at least 800 Mbit/s, 2 estimates, disturbed",
        ),
        (
            pd.concat(
                [
                    estimates(kind="inconclusive", status="disturbed"),
                    estimates(kind="range", low_mbps=700.0, high_mbps=750.0),
                ]
            ),
            "load: 700-750 Mbit/s, 2 estimates, 1 of them inconclusive, disturbed",
        ),
        (estimates(kind="inconclusive"), "load: inconclusive"),
        (estimates(kind="within_bucket"), "load: within a bucket"),
        (
            pd.concat([estimates(kind="inconclusive"), estimates(kind="within_bucket")]),
            "load: inconclusive or within a bucket, 2 estimates",
        ),
        (estimates(kind="range", low_mbps=7.0, high_mbps=8.0, pinning="p2"), None),
    ],
)
def test_the_legend_says_what_a_band_is(found, said):
    axes = curves.Figure().add_subplot()
    bands.draw(axes, found, [{"label": "load", "where": {"pinning": "p1"}}])
    assert axes.get_legend_handles_labels()[1] == ([said] if said else [])
