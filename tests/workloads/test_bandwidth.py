"""The estimators' reasoning on made-up paths, whose truth is known exactly."""

import random

import pytest
from bandwidth import modes, pacing, pathload, pathrate, search, stamps, trends, wire
from bandwidth.session import Stream


def fluid_delays(rate, capacity, cross, noise_s, rng, packets=100):
    """Delays of a stream through one queue with fluid cross traffic, Mbit/s each."""
    payload, spacing_s = search.stream_shape(rate, 7e-6, wire.LARGEST)
    bits, queue_s, delays = 8 * (payload + 28), 0.0, []
    for _ in range(packets):
        delays.append(queue_s + rng.gauss(0, noise_s))
        grown_s = (bits + cross * 1e6 * spacing_s) / (capacity * 1e6) - spacing_s
        queue_s = max(0.0, queue_s + grown_s)
    return delays


def searched(capacity, cross, first, rng, fastest=2000.0):
    seek = search.Search(first, fastest)
    for _ in range(60):
        if seek.done:
            return seek
        told = [
            trends.classify(fluid_delays(seek.rate, capacity, cross, 1e-6, rng))[0]
            for _ in range(12)
        ]
        seek.take(trends.last_verdict(told, 12))
    raise AssertionError("the search does not end")


@pytest.mark.parametrize("seed", range(20))
def test_search_ends_around_the_available_bandwidth(seed):
    rng = random.Random(seed)
    capacity = 10 ** rng.uniform(0.7, 3)
    cross = capacity * rng.uniform(0, 0.9)
    seek = searched(capacity, cross, first=capacity * rng.uniform(0.2, 1.5), rng=rng)
    truth = capacity - cross
    assert seek.low or seek.high
    assert (seek.low or 0) <= truth * 1.06 and truth * 0.94 <= seek.high


def test_search_gives_a_bound_where_pacing_ends():
    seek = searched(1000, 0, first=50, rng=random.Random(1), fastest=400.0)
    assert seek.high is None and seek.low == 400
    assert "paced" in seek.done


def test_grey_verdicts_stay_inside_the_bracket():
    rng = random.Random(7)
    for _ in range(300):
        seek = search.Search(rng.uniform(1, 500), 1000.0)
        for _ in range(40):
            if seek.done:
                break
            seek.take(rng.choice([trends.INCREASING, trends.NO_TREND, trends.GREY]))
            assert 0 < seek.rate <= 1000
            if seek.low and seek.high:
                assert seek.low < seek.high
            if seek.grey_low is not None:
                assert (seek.low or 0) < seek.grey_low <= seek.grey_high
                assert seek.high is None or seek.grey_high < seek.high


def test_unusable_fleets_halve_the_rate_then_end_the_search():
    seek = search.Search(100.0, 1000.0)
    rates = []
    while not seek.done:
        rates.append(seek.rate)
        seek.take(trends.UNUSABLE)
    assert rates[:3] == [100, 100, 50] and len(rates) < 10


@pytest.mark.parametrize("rate", [0.5, 5, 22.8, 100, 149, 151, 400, 599, 600, 1500])
def test_streams_have_the_rate_asked_for(rate):
    payload, spacing_s = search.stream_shape(rate, 10e-6, 1472)
    assert 200 <= payload <= 1472
    assert spacing_s >= 10e-6 or rate > 1200
    assert 8 * (payload + 28) / spacing_s == pytest.approx(rate * 1e6)


def test_the_delays_of_a_stream_have_a_trend_or_none():
    rng = random.Random(3)
    noise = [rng.gauss(0, 1e-5) for _ in range(100)]
    assert trends.classify([i * 1e-5 + x for i, x in enumerate(noise)])[0] == trends.RISING
    flat = [trends.classify([rng.gauss(0, 1e-5) for _ in range(100)])[0] for _ in range(200)]
    assert flat.count(trends.RISING) < 30 and flat.count(trends.FLAT) > 100
    # One step up is not a trend for PCT, and is one for PDT: the stream is of no use.
    assert trends.classify([0.0] * 50 + [1e-3] * 50)[0] == trends.UNCLEAR
    assert trends.classify([1e-3] * 8) == (trends.UNCLEAR, None, None)


def test_the_rates_of_a_fleet_decide_its_verdict():
    rising, flat, unclear = trends.RISING, trends.FLAT, trends.UNCLEAR
    assert trends.fleet_verdict([unclear] + [rising] * 8, [0] * 9, 12) == trends.INCREASING
    assert trends.fleet_verdict([unclear] + [flat] * 7, [0] * 8, 12) is None
    assert trends.fleet_verdict([flat] * 6, [0] * 6, 12) == trends.NO_TREND
    assert trends.fleet_verdict([flat] * 5, [0] * 5, 12) is None
    assert trends.fleet_verdict([flat] * 5 + [rising] * 5, [0] * 10, 12) == trends.GREY
    assert trends.fleet_verdict([flat], [0.2], 12) == trends.INCREASING
    assert trends.fleet_verdict([flat] * 6, [0.05] * 6, 12) == trends.INCREASING
    assert trends.last_verdict([flat] * 5, 12) == trends.UNUSABLE
    assert trends.last_verdict([flat] * 4 + [unclear] * 4, 12) == trends.GREY


def test_bursts_keep_their_last_packet():
    together = [0, 1e-6, 2e-6, 3e-6, 1e-3, 1.001e-3, 2e-3, 2.001e-3, 2.002e-3, 2.003e-3]
    assert trends.last_of_bursts(together, 5e-6) == [3, 9]
    assert trends.coalesced(together, 5e-6)
    assert not trends.coalesced([i * 1e-4 for i in range(50)], 5e-6)


@pytest.mark.parametrize("seed", range(20))
def test_capacity_is_the_mode_above_the_dispersion_rate(seed):
    """Pairs through a FIFO queue: cross packets between two of them slow a pair down."""
    rng = random.Random(seed)
    capacity, pairs = 10 ** rng.uniform(1, 3), []
    for _ in range(400):
        size = rng.randrange(600, 1500)
        between = rng.choices([0, 1, 2], [4, 3, 2])[0]
        cross = sum(rng.choice([40, 550, 550, 1500]) for _ in range(between))
        pairs.append(capacity * size / (size + cross) * rng.gauss(1, 0.005))
    adr = capacity * 0.7
    mode, found = pathrate.capacity(pairs, adr, modes.bin_width(pairs))
    assert mode.centre == pytest.approx(capacity, rel=0.05)
    assert all(m.count >= 6 for m in found)


def test_no_mode_above_the_dispersion_rate():
    pairs = [50 + i * 0.01 for i in range(100)]
    assert pathrate.capacity(pairs, 90.0, modes.bin_width(pairs))[0] is None


def test_a_stream_that_was_not_sent_at_its_rate_is_refused():
    even = [i * 1e-4 for i in range(100)]
    assert pacing.fault(even, 1e-4) == ""
    assert "late" in pacing.fault(even[:50] + [t + 2e-3 for t in even[50:]], 1e-4)
    assert "late" in pacing.fault([t * 1.5 for t in even], 1e-4)
    clock = iter(i * 1e-5 for i in range(10**6))
    sent = []
    when = pacing.send_paced(sent.append, list(range(20)), 1e-3, clock=lambda: next(clock))
    assert sent == list(range(20)) and pacing.fault(when, 1e-3) == ""


class BusySession:
    """A sender that others keep off its CPU: every stream leaves late."""

    name, pacing, priority, stamps = "there:1", "busy wait", "normal", "kernel"
    rtt_s, bytes_sent, clock_s, buffer = 1e-4, 0, 0.0, 1 << 24

    def choose_pacing(self, spacing_s):
        return spacing_s

    def elapsed_s(self):
        return self.clock_s

    def pause(self, seconds):
        self.clock_s += seconds

    def send(self, count, payload, spacing_s=1e-5, lead=0, lead_payload=0):
        self.bytes_sent += count * payload
        sent = [number * spacing_s + (0.01 if number > 1 else 0) for number in range(count)]
        return Stream(payload, sent, list(enumerate(sent)), False)


def test_an_estimate_of_streams_that_all_left_late_is_inconclusive():
    record = pathload.estimate(BusySession(), pathload.Settings())
    assert record["kind"] == "inconclusive"
    assert record["low_mbps"] is None and record["high_mbps"] is None
    said = {s["discarded"] for f in record["fleets"] for s in f["streams"]}
    assert said == {"pacing: a packet left 10.0 ms late"}


def test_a_step_of_the_clock_is_seen():
    """Stamps are of a clock that may be set; the other clock tells."""
    assert stamps.stepped(10**18, 10**18 + 10**6) and stamps.stepped(10**18, 10**18 - 10**9)
    assert not stamps.stepped(10**18, 10**18 + 20000)
    assert stamps.jumped_back([1000, 2000, 3000, -(10**9)])
    assert not stamps.jumped_back([1000, 2000, 2000, 3000])
    assert not stamps.stepped(stamps.clock_difference_ns(), stamps.clock_difference_ns())


def test_overtaken_packets_count_as_lost():
    arrivals = [(0, 0.0), (2, 2.0), (1, 2.5), (3, 3.0), (3, 3.1)]
    stream = Stream(1000, [0.0, 1.0, 2.0, 3.0], arrivals, False)
    assert [number for number, _ in stream.in_order()] == [0, 2, 3]
    assert stream.loss == 0.25 and stream.delays() == [0, 0, 0]


def test_packets_of_others_are_not_ours():
    packet = wire.packets(5, 7, 3, 300)[2]
    assert len(packet) == 300 and wire.read_head(packet, 5) == (7, 2)
    assert wire.read_head(packet, 6) is None and wire.read_head(b"x", 5) is None
