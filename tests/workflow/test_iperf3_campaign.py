"""iperf3 as a part of a campaign, with the real program."""

import shutil

import pandas as pd
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("measuring"),
    pytest.mark.skipif(shutil.which("iperf3") is None, reason="iperf3 is not installed"),
]
SECTION = {"paths": {"config1": ["vc00->c010"]}, "protocols": ["TCP"], "modes": ["forward"]}
SECTION |= {"streams": [2], "message_bytes": [1400], "duration_s": 1, "warmup_s": 1}


def measured(checkout, *outputs, netperf=None, **changes):
    campaign = {"netperf": netperf, "blocks": 1, "iperf3": {**SECTION, **changes}}
    done = checkout.snakemake(*outputs, configfile=checkout.overlay("one.yaml", campaign))
    assert done.returncode == 0, done.stdout + done.stderr
    return pd.read_csv(checkout.folder / "results/tables/iperf3.csv")


def test_tcp_in_both_directions_has_both_ends_of_each(checkout):
    modes = ["reverse", "bidirectional"]
    found = measured(checkout, "results/figures/", modes=modes)
    ends = found.set_index(["mode", "direction"])[["sender", "receiver"]].agg("->".join, axis=1)
    assert ends.to_dict() == {
        ("bidirectional", "forward"): "vc00->c010",
        ("bidirectional", "reverse"): "c010->vc00",
        ("reverse", "reverse"): "c010->vc00",
    }
    known = found[["sent_mbps", "received_mbps", "retransmits", "congestion_window_bytes"]]
    assert known.notna().all(axis=None) and (found["received_mbps"] > 0).all()
    assert found["elapsed_s"].between(0.97, 1.5).all() and found["threads"].isin([1, 2]).all()
    for record in checkout.read_records():
        assert record["before"]["pinning"] == record["after"]["pinning"]
        assert [c["role"] for c in record["commands"]] == ["measure", "server"]
    assert (checkout.folder / "results/figures/iperf3.svg").exists()


def test_both_tools_on_the_same_cell_are_compared(checkout):
    cell = {"paths": {"config1": ["vc00->c010"], "config2": None}, "message_bytes": [1400]}
    measured(checkout, "results/figures/", streams=[1], netperf=cell)
    (row,) = pd.read_csv(checkout.folder / "results/tables/tools.csv").to_dict("records")
    assert row["ratio"] == pytest.approx(row["iperf3_mbps"] / row["netperf_mbps"])
    assert row["test"] == "TCP_STREAM" and pd.isna(row["ratio_low"]), "of one block each"


def test_udp_has_the_rate_that_was_asked_for_and_its_loss(checkout):
    table = "results/tables/iperf3.csv"
    (row,) = measured(checkout, table, protocols=["UDP"], udp_mbps=5).to_dict("records")
    assert row["sent_mbps"] == pytest.approx(10, rel=0.2)  # of two streams
    arrived = 100 * (1 - row["received_mbps"] / row["sent_mbps"])
    assert row["lost_percent"] == pytest.approx(max(0, arrived), abs=5)
    assert row["jitter_ms"] >= 0 and pd.isna(row["retransmits"])
