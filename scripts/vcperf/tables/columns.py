"""The vocabulary of results/tables/: what each column holds, in whichever table it stands.

Reading, writing, the axes of figures and claims use it; a column has one meaning everywhere.
Needs the standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vcperf.errors import VcperfError, quote
from vcperf.kinds import netperf

TEXT, WHOLE, NUMBER, TRUTH = "text", "a whole number", "a number", "True or False"
MORE, LESS = "more", "less"
# Of METRIC_mean, ...: what a summary has of each metric.
ENDS = ("mean", "ci_low", "ci_high")
MEDIANS = ("median", "median_low", "median_high")


@dataclass(frozen=True)
class Column:
    """What a column holds.

    Args:
        type: TEXT, WHOLE, NUMBER or TRUTH.
        unit: as figures write it. Empty where there is none, and where it is the unit of
            another column's values, as that of an interval.
        label: what figures call it; empty where none draws it on an axis.
        better: MORE or LESS, of a metric by which campaigns are compared; else empty.
    """

    type: str
    unit: str = ""
    label: str = ""
    better: str = ""

    @property
    def axis(self) -> str:
        """The label of an axis.

        >>> COLUMNS["message_bytes"].axis
        'Message size (bytes)'
        """
        return f"{self.label} ({self.unit})"


def _alike(column: Column, names: str) -> dict[str, Column]:
    return dict.fromkeys(names.split(), column)


COLUMNS: Mapping[str, Column] = {
    # The metrics of the cards.
    "throughput_mbps": Column(NUMBER, "Mbit/s", "Throughput", MORE),
    "transactions_per_s": Column(NUMBER, "1/s", "Transactions", MORE),
    "sender_cpu_percent": Column(NUMBER, "%", "CPU of the sender's system, by netperf"),
    "receiver_cpu_percent": Column(NUMBER, "%", "CPU of the receiver's system, by netperf"),
    "sender_domain_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the sender"),
    "receiver_domain_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the receiver"),
    "sender_emulator_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the sender's emulator"),
    "receiver_emulator_cpu_percent": Column(
        NUMBER, "% of one CPU", "CPU of the receiver's emulator"
    ),
    "sender_iothreads_cpu_percent": Column(
        NUMBER, "% of one CPU", "CPU of the sender's I/O threads"
    ),
    "receiver_iothreads_cpu_percent": Column(
        NUMBER, "% of one CPU", "CPU of the receiver's I/O threads"
    ),
    "sender_vhost_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the sender's vhost"),
    "receiver_vhost_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the receiver's vhost"),
    "sender_delay_percent": Column(NUMBER, "% of one CPU", "Delay of the sender's VCPUs"),
    "receiver_delay_percent": Column(NUMBER, "% of one CPU", "Delay of the receiver's VCPUs"),
    "sender_host_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the sender's host"),
    "receiver_host_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the receiver's host"),
    "cpu_s_per_gbyte": Column(NUMBER, "s per 10^9 bytes", "CPU time", LESS),
    "latency_us": Column(NUMBER, "us", "Latency", LESS),
    "p50_us": Column(NUMBER, "us", "Median latency of a transaction", LESS),
    "p90_us": Column(NUMBER, "us", "90th percentile of the latency", LESS),
    "p99_us": Column(NUMBER, "us", "99th percentile of the latency", LESS),
    "max_us": Column(NUMBER, "us", "Largest latency", LESS),
    "streams_variation_percent": Column(NUMBER, "%", "Variation between streams", LESS),
    "load_mbps": Column(NUMBER, "Mbit/s", "Throughput of the load", MORE),
    "sent_mbps": Column(NUMBER, "Mbit/s", "Rate sent", MORE),
    "received_mbps": Column(NUMBER, "Mbit/s", "Rate received", MORE),
    "retransmits": Column(WHOLE, "segments", "Retransmissions", LESS),
    "jitter_ms": Column(NUMBER, "ms", "Jitter", LESS),
    "lost_percent": Column(NUMBER, "% of what was sent", "Loss", LESS),
    "sender_process_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the sending process"),
    "receiver_process_cpu_percent": Column(NUMBER, "% of one CPU", "CPU of the receiving process"),
    "congestion_window_bytes": Column(WHOLE, "bytes", "Largest congestion window"),
    "trend_percent": Column(NUMBER, "% of the mean", "Change during the run"),
    "samples": Column(WHOLE, "", "Samples"),
    "percent": Column(NUMBER, "%", "Share of the samples"),
    # What names a row.
    **_alike(
        Column(TEXT),
        "testbed kind pinning path sender receiver test method stack program load benchmark"
        " workload point class phase node domain app image symbol call_stack event protocol mode"
        " streams",
    ),
    "message_bytes": Column(WHOLE, "bytes", "Message size"),
    **_alike(Column(WHOLE), "block processes threads"),
    # What a block went through.
    **_alike(
        Column(TEXT),
        "started status throttled shared_cpus host kernel platform transport record stopping"
        " settings shared_cores numa_crossed link tools hosts kernels key places",
    ),
    **_alike(Column(WHOLE), "order attempts repetitions steps"),
    **_alike(Column(NUMBER, "% of one CPU"), "others_cpu_percent steal_cpu_percent"),
    **_alike(Column(NUMBER, "s"), "waited_s elapsed_s seconds"),
    # Results that no claim looks at.
    **_alike(Column(NUMBER, "Mbit/s"), "low_mbps high_mbps link_mbps"),
    "overlap_percent": Column(NUMBER, "%"),
    "bucket_bytes": Column(WHOLE, "bytes"),  # of the path's token bucket, where it has one
    **_alike(Column(NUMBER, "us"), "t_min_us t_max_us"),
    "bandwidth_mbytes_per_s": Column(NUMBER, "MB/s"),
    "mops": Column(NUMBER, "Mop/s"),
    "verified": Column(TEXT),
    # Profiles.
    **_alike(Column(TEXT), "profiler event_asked counted_by"),
    "sample_ns": Column(NUMBER, "ns"),
    "bytes_moved": Column(WHOLE, "bytes"),
    **_alike(Column(WHOLE), "idle_samples lost_samples"),
    **_alike(Column(NUMBER, "%"), "percent_low percent_high"),
    "dispersion": Column(NUMBER),
    "ns_per_megabyte": Column(NUMBER, "ns a megabyte", "CPU time"),
    "too_few": Column(TRUTH),
    # Comparisons of profiles: values and difference in the unit that the row names.
    **_alike(Column(TEXT), "compared first second within by unit"),
    **_alike(Column(NUMBER), "first_value second_value difference of_total"),
    **_alike(Column(WHOLE), "rank names"),
    "explains": Column(TRUTH),
    # Summaries over the blocks of a cell.
    **_alike(Column(TEXT), "metric label why assumes"),
    **_alike(Column(WHOLE), "blocks doubtful"),
    **_alike(Column(NUMBER), "mean median median_low median_high ci_low ci_high low high"),
    **_alike(
        Column(NUMBER), " ".join(f"{m}_{end}" for m in netperf.METRICS for end in (*ENDS, *MEDIANS))
    ),
    # One cell against another.
    **_alike(Column(TEXT), "baseline baseline_platform unstable settings_differ meets_link"),
    **_alike(Column(NUMBER), "ratio ratio_low ratio_high"),
    **_alike(Column(NUMBER, "us"), "pingpong_us imb_us"),
    **_alike(Column(NUMBER, "Mbit/s"), "iperf3_mbps netperf_mbps"),
    **_alike(Column(WHOLE), "netperf_blocks imb_blocks baseline_blocks blocks_a blocks_b"),
    **_alike(Column(NUMBER), "mean_a mean_b p adjusted_p correlation"),
    **_alike(Column(WHOLE), "shared_blocks"),
    **_alike(Column(TEXT), "direction"),
    # EP, alone and beside the ping-pong.
    **_alike(Column(NUMBER, "Mop/s"), "alone_mops alone_ci_low alone_ci_high"),
    **_alike(Column(NUMBER, "Mop/s"), "pingpong_mops pingpong_ci_low pingpong_ci_high"),
    "kept_percent": Column(NUMBER, "% of its speed alone", "Speed of EP beside the ping-pong"),
    **_alike(Column(NUMBER, "% of its speed alone"), "kept_ci_low kept_ci_high"),
    # Anomalies of a latency curve, and the points picked by them.
    "excess_percent": Column(NUMBER, "%"),
    **_alike(Column(WHOLE, "bytes"), "a_bytes b_bytes"),
    **_alike(Column(TEXT), "source unseen_bytes"),
    # Claims.
    **_alike(
        Column(TEXT), "claim states about verdict says part_verdict expect bound cells missing"
    ),
    "part": Column(WHOLE),
    **_alike(
        Column(NUMBER, "%"),
        "effect_percent low_percent high_percent thesis_percent margin_percent",
    ),
}
# The columns that name what was profiled.
PROFILE_CELL = tuple(
    "testbed pinning path workload test message_bytes stack program load point".split()
)
# Of fewer samples, a profile is too_few: the 95 % interval of a share of one half is more than 5
# points to either side.
LEAST_SAMPLES = 400


def of(name: str) -> Column:
    """A column by its name. Raises VcperfError when the vocabulary lacks it."""
    try:
        return COLUMNS[name]
    except KeyError:
        raise VcperfError(
            f"column {quote(name)}: unknown; describe it in scripts/vcperf/tables/columns.py"
        ) from None
