"""results/tables/netperf.csv: one row per block."""

from __future__ import annotations

from typing import Any

from vcperf.kinds.cpu_parts import COST, ENDS, PARTS
from vcperf.kinds.netperf import METRICS, USUAL, metric_of
from vcperf.records.observation import domain_cpu_percent
from vcperf.tables import cpu_parts
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged
from vcperf.tools import netperf, netperf_course, netperf_cpu, netperf_latency, netperf_streams
from vcperf.tools.filter import Untrusted

OVERRAN = 1.05  # a run this much longer than asked for was held up

ORDER = ("testbed", "pinning", "path", "test", "message_bytes", *USUAL, "block")
COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    *USUAL,
    "block",
    *(metric for metric in METRICS if metric not in (*PARTS, COST)),
    "sent_mbps",
    "lost_percent",
    "overlap_percent",
    "elapsed_s",
    "link",
    "link_mbps",
    *CONDITIONS,
    *PARTS,
    COST,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The row of one record.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    spec = content["spec"]
    run = command(planned, content, "measure")
    try:
        if "streams" in spec or "load" in spec:
            parsed, longest_s = _together(planned, content, run["output"])
        else:
            output, _ = netperf_cpu.without_impossible(run["output"])
            (parsed,) = netperf.parse(output, needed=("elapsed_s",))
            longest_s = parsed["elapsed_s"]
        if spec["test"] == "UDP_STREAM":
            parsed |= netperf.udp_sent(run["output"], parsed["throughput_mbps"])
        if "percentiles" in spec:
            parsed |= netperf_latency.parse(run["output"])
    except (Untrusted, ValueError) as fault:
        raise damaged(planned, fault) from None
    row = {
        **planned,
        **parsed,
        "test": spec["test"],
        **conditions(planned, content, run["start"], disturbed_percent),
    }
    for end in ENDS:
        used = domain_cpu_percent(content["before"], content["after"], spec[end])
        row[f"{end}_domain_cpu_percent"] = round(used, 2)
    row |= cpu_parts.percents(content, {end: spec[end] for end in ENDS})
    if metric_of(spec) == "throughput_mbps" and "load" not in spec:
        # All of the run, as the observations are about all of it.
        moved = row["throughput_mbps"] * 1e6 / 8 * longest_s
        row |= cpu_parts.cost(content, {end: spec[end] for end in ENDS}, moved)
    asked_s = spec["duration_s"]
    if "streams" in spec:
        asked_s = netperf_streams.seconds(asked_s, spec["warmup_s"])
    if longest_s > OVERRAN * asked_s:
        row["status"] = "overran"
    return [row]


def _together(planned: Planned, content: Content, output: str) -> tuple[dict[str, Any], float]:
    """What streams gave while all of them ran, and the load beside them.

    Returns the values, of which rates are the sum, and figures of netperf of a whole system's CPU
    the mean of what the streams say; and the seconds that the longest stream took. Raises
    VcperfError when the streams, or one and its load, did not run beside each other.
    """
    spec, texts = content["spec"], [output]
    if "streams" in spec:
        texts = netperf_streams.reports(output)
        if len(texts) != spec["streams"]:
            raise Untrusted(f"it has {len(texts)} reports of {spec['streams']} streams")
    texts = [netperf_cpu.without_impossible(text)[0] for text in texts]
    common = netperf_streams.common(texts, spec["warmup_s"] if "streams" in spec else 0.0)
    each = [row for text in texts for row in netperf.parse(text, needed=("elapsed_s",))]
    parsed = dict(each[0])
    for end in ("sender", "receiver"):
        known = [row[f"{end}_cpu_percent"] for row in each]
        known = [value for value in known if value is not None]
        parsed[f"{end}_cpu_percent"] = round(sum(known) / len(known), 2) if known else None
    if "streams" in spec:
        parsed[metric_of(spec)] = round(sum(common.rates), 2)
        parsed["elapsed_s"] = round(common.end - common.begin, 3)
        variation = common.variation_percent
        parsed["streams_variation_percent"] = None if variation is None else round(variation, 2)
        parsed["overlap_percent"] = round(100 * common.overlap, 2)
    if "load" in spec:
        load = netperf_course.read(command(planned, content, "load")["output"])
        parsed["load_mbps"] = round(load.rate(common.begin, common.end), 2)
    return parsed, max(row["elapsed_s"] for row in each)
