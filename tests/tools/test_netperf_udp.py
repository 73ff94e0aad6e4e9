"""What a UDP stream of netperf sent, beside what has arrived."""

import pytest
from helpers.checkout import ROOT

from vcperf.tools import netperf
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/netperf"


def test_a_stream_has_the_rate_sent_and_the_loss_in_percent_of_it():
    text = (DATA / "keys-udp-bytes.txt").read_text()
    (row,) = netperf.parse(text)
    found = netperf.udp_sent(text, row["throughput_mbps"])
    assert found["sent_mbps"] == 41929.03
    assert found["lost_percent"] == pytest.approx(100 * (1 - 19533.73 / 41929.03), abs=1e-4)


def test_a_stream_that_lost_nothing_has_no_negative_loss():
    """The receiver may count a moment less time than the sender."""
    assert netperf.udp_sent("LOCAL_SEND_THROUGHPUT=99.90\n", 100.0)["lost_percent"] == 0


def test_an_older_record_says_nothing_of_what_was_sent():
    assert netperf.udp_sent("THROUGHPUT=9\n", 9.0) == {"sent_mbps": None, "lost_percent": None}


@pytest.mark.parametrize("printed", ["50.00", "0.00", "nan", "inf", "many"])
def test_less_sent_than_has_arrived_is_refused(printed):
    with pytest.raises(Untrusted, match=f"LOCAL_SEND_THROUGHPUT='{printed}', but 100.0 arrived"):
        netperf.udp_sent(f"LOCAL_SEND_THROUGHPUT={printed}\n", 100.0)
