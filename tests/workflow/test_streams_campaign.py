"""The campaign of streams and loads, with fewer and shorter blocks."""

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT

from vcperf.config import files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]
CAMPAIGN = "config/campaigns/streams.yaml"


def test_its_tables_and_figures_have_streams_load_and_percentiles(checkout):
    content = files.read_yaml(ROOT / CAMPAIGN)
    content |= {"blocks": 1, "remeasure": 0, "quiet": {"wait_s": 0}}
    content["netperf"]["paths"] = {"config1": ["vc00->c000"]}
    (checkout.folder / CAMPAIGN).write_text(yaml.safe_dump(content))
    done = checkout.snakemake("results/figures/", configfile=CAMPAIGN)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = pd.read_csv(checkout.folder / "results/tables/netperf_summary.csv")
    cells = summary.set_index(["test", "streams", "load"])
    assert set(cells.index) == {
        ("TCP_STREAM", 1, "none"),
        ("TCP_STREAM", 4, "none"),
        *(("TCP_RR", streams, load) for streams in (1, 4) for load in ("none", "TCP_STREAM")),
    }
    assert (cells["mean"] > 0).all()
    latency = cells["p99_us_mean"]
    assert latency.notna().equals(pd.Series({i: i[:2] == ("TCP_RR", 1) for i in cells.index}))
    assert cells["load_mbps_mean"].notna().sum() == 2
    assert cells["streams_variation_percent_mean"].notna().sum() == 3
    drawn = {path.stem for path in (checkout.folder / "results/figures").glob("*.svg")}
    assert drawn == {
        "percentiles",
        "tcp_stream_vc00-to-c000",
        "tcp_stream_vc00-to-c000_4-streams",
        "tcp_rr_vc00-to-c000",
        "tcp_rr_vc00-to-c000_4-streams",
        "tcp_rr_vc00-to-c000_beside-tcp_stream",
        "tcp_rr_vc00-to-c000_4-streams_beside-tcp_stream",
    }
