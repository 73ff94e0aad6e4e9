"""What each column of results/tables/ means, in words: the text of docs/reference/columns.md.

`vcperf.tables.columns` has their types and units. A column without a text here fails a test. Only
documentation and the report need these texts, so nothing that measures or draws imports them.
"""

from __future__ import annotations

from vcperf.kinds import netperf
from vcperf.tables.columns import ENDS, MEDIANS

# Of a metric's summary: ending -> what METRIC_ENDING is.
OF_METRIC = {
    "mean": "mean of METRIC over the blocks of the cell",
    "ci_low": "lower end of the 95 % interval of METRIC_mean",
    "ci_high": "upper end of the 95 % interval of METRIC_mean",
    "median": "median of METRIC over the blocks of the cell",
    "median_low": "lower end of the 95 % interval of METRIC_median; empty below six blocks",
    "median_high": "upper end of the 95 % interval of METRIC_median; empty below six blocks",
}
SUMMARIES = {
    f"{metric}_{end}": OF_METRIC[end].replace("METRIC", metric)
    for metric in netperf.METRICS
    for end in (*ENDS, *MEDIANS)
}
# Of an end's CPU time: column, less the end's name -> what it is, with {} for sending or receiving.
OF_END = {
    "emulator_cpu_percent": "CPU time of QEMU's threads for the {} guest, those of VCPUs and I/O"
    " aside, in percent of one CPU; libvirt only",
    "iothreads_cpu_percent": "CPU time of the I/O threads of the {} guest, in percent of one CPU;"
    " libvirt only",
    "vhost_cpu_percent": "CPU time of the vhost threads of the {} guest, in percent of one CPU;"
    " libvirt only",
    "delay_percent": "time that VCPUs of the {} guest were ready and did not run, in percent of one"
    " CPU; libvirt only",
    "host_cpu_percent": "CPU time of the host of the {} domain outside its guests, in percent of"
    " one CPU: under Xen of dom0, on libvirt of all other programs and of interrupts",
}
PARTS = {
    f"{end}_{name}": text.format(doing)
    for end, doing in (("sender", "sending"), ("receiver", "receiving"))
    for name, text in OF_END.items()
}
MEANINGS = {
    # Metrics.
    "throughput_mbps": "payload, in 10^6 bits per second; for UDP, what was received; of several"
    " streams, their sum while all of them ran",
    "transactions_per_s": "requests answered per second (tests that end in RR); of several streams,"
    " their sum while all of them ran",
    "sender_cpu_percent": "netperf's own figure: share of all CPUs of the system that sends; of"
    " several streams, the mean of their figures",
    "receiver_cpu_percent": "netperf's own figure: share of all CPUs of the system that receives;"
    " of several streams, the mean of their figures",
    "sender_domain_cpu_percent": "CPU time of the sending domain, in percent of one CPU",
    "receiver_domain_cpu_percent": "CPU time of the receiving domain, in percent of one CPU",
    **PARTS,
    "cpu_s_per_gbyte": "CPU seconds per 10^9 bytes moved: of both ends, of the threads that work"
    " for them and of their hosts; empty where hosts have no account, for transactions and beside a"
    " load",
    "p50_us": "half of a block's transactions took at most so long",
    "p90_us": "90 % of a block's transactions took at most so long",
    "p99_us": "99 % of a block's transactions took at most so long",
    "max_us": "the longest of a block's transactions",
    "streams_variation_percent": "standard deviation of the rates of a block's streams, in percent"
    " of their mean; empty of one stream",
    "load_mbps": "throughput of the load during the measurement; empty without a load",
    "latency_us": "half of a round trip, mean over the repetitions",
    "sent_mbps": "rate sent, in 10^6 bits per second",
    "received_mbps": "rate received, in 10^6 bits per second",
    "retransmits": "TCP segments sent again",
    "jitter_ms": "variation of the delay of UDP datagrams, as iperf3 reports it",
    "lost_percent": "share of what was sent that did not arrive",
    "sender_process_cpu_percent": "CPU time of the sending iperf3, in percent of one CPU",
    "receiver_process_cpu_percent": "CPU time of the receiving iperf3, in percent of one CPU",
    "congestion_window_bytes": "largest congestion window of TCP",
    "trend_percent": "change of the rate during the run, by a straight line through its seconds",
    "samples": "samples of a profile",
    "percent": "share of the samples; in profile_nodes of the node's CPU time",
    # What names a row.
    "testbed": "where it was measured: netns, native, podman, docker, xen",
    "kind": "plan: the kind of measurement; bandwidth: range, capacity, a bound, or none;"
    " anomalies: bump or step",
    "pinning": "the campaign's name of the pinning",
    "path": "SENDER->RECEIVER",
    "sender": "the domain that sends; in mesh, `*` for all others",
    "receiver": "the domain that receives; in mesh, `*` for all others",
    "test": "netperf's test, such as TCP_STREAM",
    "method": "pathload (available bandwidth) or pathrate (capacity)",
    "stack": "the campaign's name of the MPI stack",
    "program": "pingpong (ours), IMB-MPI1 or osu_latency",
    "load": "what ran meanwhile: none; of MPI, ep on the other cluster; of netperf, TCP_STREAM on"
    " the same path",
    "benchmark": "IMB-MPI1's benchmark",
    "workload": "what ran during the profile: netperf or pingpong",
    "point": "the campaign's name of the profiled message size",
    "class": "EP's class of problem",
    "phase": "of EP: alone, or beside the ping-pong (pingpong)",
    "node": "the physical host",
    "domain": "the domain to which the samples belong; empty for work of no domain",
    "app": "the program, by the kernel's name of it",
    "image": "the file that the sampled code is from; all: a whole domain or application",
    "symbol": "the function that ran",
    "call_stack": "domain, program and functions down to the one that ran, separated by semicolons",
    "event": "the event that was counted",
    "protocol": "TCP or UDP",
    "mode": "forward, reverse or bidirectional",
    "streams": "streams at the same time; of iperf3, in each direction",
    "overlap_percent": "the least share of a stream's time in which all streams ran; empty of one"
    " stream",
    "message_bytes": "size of a message",
    "block": "number of the repetition, from 1",
    "processes": "MPI processes",
    "threads": "threads that moved the streams of a process",
    # What a block went through.
    "started": "when measuring began (UTC)",
    "status": "ok; disturbed: others took too much CPU time; overran: it took longer than asked"
    " for; short: a phase of EP without a whole step",
    "throttled": "whether CPUs were throttled for heat; empty where it cannot be known",
    "shared_cpus": "whether nodes share CPUs of one host, as it has too few",
    "host": "the host that measured",
    "kernel": "its kernel",
    "platform": "what it was measured on, in words",
    "transport": "how messages went, as the MPI stack reports it",
    "record": "the raw record, a file",
    "stopping": "fixed; sequential: results decided the number of blocks (`make converge`)",
    "settings": "PLACE=DIGEST of the settings of each host, in results/host_settings/",
    "shared_cores": "whether pinned CPUs are hardware threads of one core",
    "numa_crossed": "whether pinned CPUs are in several NUMA nodes",
    "link": "how the link's rate is known: none, shaped, stated, unknown",
    "tools": "versions of the measuring programs",
    "hosts": "the hosts of the cell's blocks",
    "kernels": "the kernels of the cell's blocks",
    "key": "digest of what decides the result, without names",
    "places": "nodes and domains of the block, as NODE/DOMAIN",
    "order": "place in the order of measuring, from 0",
    "attempts": "how often the block was measured until others left it alone, or no more",
    "repetitions": "round trips, or calls, that were timed",
    "steps": "steps of EP that lie whole in the phase",
    "others_cpu_percent": "CPU time that other programs took, on the host where that is most",
    "steal_cpu_percent": "CPU time that a hypervisor below took away",
    "waited_s": "time that the block waited for idle CPUs",
    "elapsed_s": "how long it measured",
    "seconds": "how long the node was sampled",
    # Other results.
    "low_mbps": "lower end of the estimate",
    "high_mbps": "upper end of the estimate; empty for a lower bound",
    "link_mbps": "rate of the link between the nodes",
    "bucket_bytes": "size of the token bucket in the path; empty where none was found",
    "t_min_us": "shortest time of a process",
    "t_max_us": "longest time of a process",
    "bandwidth_mbytes_per_s": "bytes per time, in 10^6 bytes per second",
    "mops": "speed of EP, in 10^6 operations per second of all processes",
    "verified": "yes when a run of EP ended and its sums are right",
    # Profiles.
    "profiler": "perf or xenoprof",
    "event_asked": "the event that the campaign asks for",
    "counted_by": "who counted the samples: perf or emulator",
    "sample_ns": "CPU time that a sample stands for; empty for events that do not count time",
    "bytes_moved": "bytes that the workload moved during the profile",
    "idle_samples": "samples of idle CPUs, which are in no other row",
    "lost_samples": "samples that the profiler lost",
    "percent_low": "lower end of the 95 % interval of percent",
    "percent_high": "upper end of the 95 % interval of percent",
    "dispersion": "variance of blocks over that of counts; 1 is what chance alone gives",
    "ns_per_megabyte": "CPU nanoseconds per 10^6 bytes moved",
    "too_few": "whether the samples are too few to show much",
    "compared": "what differs between the two: pinning or point",
    "first": "the first of the two that are compared",
    "second": "the second of the two that are compared",
    "within": "which samples are compared: all, the program's, the MPI library's",
    "by": "what is ranked: image or symbol",
    "unit": "unit of the values of this row",
    "first_value": "value of the first",
    "second_value": "value of the second",
    "difference": "second value minus first value",
    "of_total": "part of the whole difference that this name explains",
    "rank": "place by the size of the difference, from 1",
    "names": "how many names were compared",
    "explains": "whether the interval of the difference excludes zero, for all names compared",
    # Summaries.
    "metric": "the column that the row is about",
    "label": "converged, capped (too few blocks) or unstable",
    "why": "reasons to doubt the cell, or both cells; empty when there are none",
    "assumes": "what the cell has too few blocks to show",
    "blocks": "number of blocks",
    "doubtful": "how many of the blocks are not ok",
    "mean": "mean over the blocks of the metric that the row is about",
    "median": "median over the blocks",
    "median_low": "lower end of the 95 % interval of the median; empty below six blocks",
    "median_high": "upper end of the 95 % interval of the median; empty below six blocks",
    "ci_low": "lower end of the 95 % interval of the mean",
    "ci_high": "upper end of the 95 % interval of the mean",
    "low": "lower end of the 95 % interval of the effect",
    "high": "upper end of the 95 % interval of the effect",
    # One cell against another.
    "baseline": "the testbed that the row is compared with",
    "baseline_platform": "its platform, in words",
    "unstable": "yes where one of both cells is unstable",
    "settings_differ": "names of settings of the hosts that differ from the baseline's",
    "meets_link": "whether the cell is limited by the link; then it carries no verdict, or a bound",
    "ratio": "mean over the baseline's mean; pingpong_programs: our program over"
    " IMB-MPI1; tools: iperf3 over netperf",
    "ratio_low": "lower end of the 95 % interval of ratio",
    "ratio_high": "upper end of the 95 % interval of ratio",
    "pingpong_us": "mean latency by our ping-pong",
    "imb_us": "mean latency by IMB-MPI1",
    "imb_blocks": "blocks of IMB-MPI1",
    "iperf3_mbps": "mean throughput by iperf3",
    "netperf_mbps": "mean throughput by netperf",
    "netperf_blocks": "blocks of netperf",
    "baseline_blocks": "blocks of the baseline's cell",
    "blocks_a": "blocks in A, or under the first",
    "blocks_b": "blocks in B, or under the second",
    "mean_a": "mean in A",
    "mean_b": "mean in B",
    "p": "probability of so large an effect by chance",
    "adjusted_p": "p, corrected for the number of cells (Benjamini and Hochberg)",
    "correlation": "correlation of successive blocks that is assumed",
    "shared_blocks": "blocks that A and B have in common",
    "direction": "iperf3: forward or reverse; comparisons: worse or better, empty without a change"
    " or where neither is better",
    "alone_mops": "speed of EP alone",
    "alone_ci_low": "lower end of the 95 % interval of alone_mops",
    "alone_ci_high": "upper end of the 95 % interval of alone_mops",
    "pingpong_mops": "speed of EP beside the ping-pong",
    "pingpong_ci_low": "lower end of the 95 % interval of pingpong_mops",
    "pingpong_ci_high": "upper end of the 95 % interval of pingpong_mops",
    "kept_percent": "share of its speed alone that EP keeps beside the ping-pong",
    "kept_ci_low": "lower end of the 95 % interval of kept_percent",
    "kept_ci_high": "upper end of the 95 % interval of kept_percent",
    "excess_percent": "how far the size lies above its curve, or how high the step is",
    "a_bytes": "point A: the size with the largest excess",
    "b_bytes": "point B: the next larger size",
    "source": "anomaly: the points come from this curve; default: it has no anomaly",
    "unseen_bytes": "sizes at which an anomaly of 30 % would not be found",
    # Claims.
    "claim": "name of the claim",
    "states": "the claim in words",
    "about": "the testbed that the claim is about",
    "verdict": "of claims: supported, contradicted, open, agrees here, differs here; of"
    " comparisons: what was found",
    "says": "the part in words",
    "part_verdict": "verdict on this part of the claim",
    "expect": "what the part expects: lower, higher or equal",
    "bound": "at least or at most, where the effect is a bound",
    "cells": "the cells that the part compares",
    "missing": "why the part is open",
    "part": "number of the part, from 1",
    "effect_percent": "of the second relative to the first, or of B relative to A; of claims, `of`"
    " relative to `against`",
    "low_percent": "lower end of the interval of effect_percent",
    "high_percent": "upper end of the interval of effect_percent",
    "thesis_percent": "the effect that the study found",
    "margin_percent": "an effect must be larger than this to count",
    **SUMMARIES,
}
