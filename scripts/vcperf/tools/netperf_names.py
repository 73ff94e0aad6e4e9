"""netperf: the keys of its -k output, and the names of the columns of its -o output."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Collection

# The keys that are read -> the names of their columns in -o output.
KEYS = {
    "THROUGHPUT": "Throughput",
    "THROUGHPUT_UNITS": "Throughput Units",
    "ELAPSED_TIME": "Elapsed Time (sec)",
    "DIRECTION": "Direction",
    "PROTOCOL": "Protocol",
    "LOCAL_SEND_SIZE": "Local Send Size",
    "LOCAL_RECV_SIZE": "Local Recv Size",
    "REMOTE_SEND_SIZE": "Remote Send Size",
    "REMOTE_RECV_SIZE": "Remote Recv Size",
    "REQUEST_SIZE": "Request Size Bytes",
    "BURST_SIZE": "Initial Burst Requests",
    "TRANSACTION_RATE": "Transaction Rate Tran/s",
    "RT_LATENCY": "Round Trip Latency usec/tran",
    "MEAN_LATENCY": "Mean Latency Microseconds",
    "LOCAL_CPU_UTIL": "Local CPU Util %",
    "REMOTE_CPU_UTIL": "Remote CPU Util %",
    "LOCAL_CPU_COUNT": "Local CPU Count",
    "REMOTE_CPU_COUNT": "Remote CPU Count",
    "LOCAL_SD": "Local Service Demand",
    "REMOTE_SD": "Remote Service Demand",
    "LOCAL_BYTES_SENT": "Local Bytes Sent",
    "LOCAL_BYTES_RECVD": "Local Bytes Received",
    "REMOTE_BYTES_RECVD": "Remote Bytes Received",
    "LOCAL_SEND_THROUGHPUT": "Local Send Throughput",
    "LOCAL_RECV_THROUGHPUT": "Local Recv Throughput",
    "REMOTE_RECV_THROUGHPUT": "Remote Recv Throughput",
    "LOCAL_INTERVAL_BURST": "Local Interval Burst",
    "CONFIDENCE_ITERATION": "Confidence Iterations Run",
    "CONFIDENCE_INTERVAL": "Confidence Width Target",
    "THROUGHPUT_CONFID": "Throughput Confidence Width (%)",
}
# Those that are not (netperf_output_enum_to_str of nettest_omni.c, 2.7).
_OTHER_KEYS = frozenset(
    "COMMAND_LINE CONFIDENCE_LEVEL DEST_ADDR DEST_FAMILY DEST_PORT LOCAL_BYTES_PER_RECV"
    " LOCAL_BYTES_PER_SEND LOCAL_BYTES_XFERD LOCAL_CONG_CONTROL LOCAL_CORK LOCAL_CPU_BIND"
    " LOCAL_CPU_CONFID LOCAL_CPU_FREQUENCY LOCAL_CPU_METHOD LOCAL_CPU_MODEL LOCAL_CPU_PEAK_ID"
    " LOCAL_CPU_PEAK_UTIL LOCAL_CPU_PERCENT_IOWAIT LOCAL_CPU_PERCENT_IRQ"
    " LOCAL_CPU_PERCENT_SWINTR LOCAL_CPU_PERCENT_SYSTEM LOCAL_CPU_PERCENT_USER LOCAL_DRIVER_BUS"
    " LOCAL_DRIVER_FIRMWARE LOCAL_DRIVER_NAME LOCAL_DRIVER_VERSION LOCAL_FILL_FILE"
    " LOCAL_INTERFACE_DEVICE LOCAL_INTERFACE_NAME LOCAL_INTERFACE_SLOT LOCAL_INTERFACE_SUBDEVICE"
    " LOCAL_INTERFACE_SUBVENDOR LOCAL_INTERFACE_VENDOR LOCAL_INTERVAL_USECS LOCAL_MACHINE"
    " LOCAL_NODELAY LOCAL_RECV_ALIGN LOCAL_RECV_CALLS LOCAL_RECV_CLEAN_COUNT"
    " LOCAL_RECV_DIRTY_COUNT LOCAL_RECV_OFFSET LOCAL_RECV_WIDTH LOCAL_RELEASE"
    " LOCAL_SECURITY_ENABLED LOCAL_SECURITY_ENABLED_NUM LOCAL_SECURITY_SPECIFIC"
    " LOCAL_SECURITY_TYPE LOCAL_SECURITY_TYPE_ID LOCAL_SEND_ALIGN LOCAL_SEND_CALLS"
    " LOCAL_SEND_DIRTY_COUNT LOCAL_SEND_OFFSET LOCAL_SEND_WIDTH LOCAL_SOCKET_PRIO"
    " LOCAL_SOCKET_TOS LOCAL_SYSNAME LOCAL_SYSTEM_MODEL LOCAL_TRANSPORT_RETRANS LOCAL_VERSION"
    " LSR_SIZE LSR_SIZE_END LSR_SIZE_REQ LSS_SIZE LSS_SIZE_END LSS_SIZE_REQ MAX_LATENCY"
    " MIN_LATENCY P50_LATENCY P90_LATENCY P99_LATENCY REMOTE_BYTES_PER_RECV"
    " REMOTE_BYTES_PER_SEND REMOTE_BYTES_SENT REMOTE_BYTES_XFERD REMOTE_CONG_CONTROL REMOTE_CORK"
    " REMOTE_CPU_BIND REMOTE_CPU_CONFID REMOTE_CPU_FREQUENCY REMOTE_CPU_METHOD REMOTE_CPU_MODEL"
    " REMOTE_CPU_PEAK_ID REMOTE_CPU_PEAK_UTIL REMOTE_CPU_PERCENT_IOWAIT REMOTE_CPU_PERCENT_IRQ"
    " REMOTE_CPU_PERCENT_SWINTR REMOTE_CPU_PERCENT_SYSTEM REMOTE_CPU_PERCENT_USER"
    " REMOTE_DRIVER_BUS REMOTE_DRIVER_FIRMWARE REMOTE_DRIVER_NAME REMOTE_DRIVER_VERSION"
    " REMOTE_FILL_FILE REMOTE_INTERFACE_DEVICE REMOTE_INTERFACE_NAME REMOTE_INTERFACE_SLOT"
    " REMOTE_INTERFACE_SUBDEVICE REMOTE_INTERFACE_SUBVENDOR REMOTE_INTERFACE_VENDOR"
    " REMOTE_INTERVAL_BURST REMOTE_INTERVAL_USECS REMOTE_MACHINE REMOTE_NODELAY"
    " REMOTE_RECV_ALIGN REMOTE_RECV_CALLS REMOTE_RECV_CLEAN_COUNT REMOTE_RECV_DIRTY_COUNT"
    " REMOTE_RECV_OFFSET REMOTE_RECV_WIDTH REMOTE_RELEASE REMOTE_SECURITY_ENABLED"
    " REMOTE_SECURITY_ENABLED_NUM REMOTE_SECURITY_SPECIFIC REMOTE_SECURITY_TYPE"
    " REMOTE_SECURITY_TYPE_ID REMOTE_SEND_ALIGN REMOTE_SEND_CALLS REMOTE_SEND_DIRTY_COUNT"
    " REMOTE_SEND_OFFSET REMOTE_SEND_THROUGHPUT REMOTE_SEND_WIDTH REMOTE_SOCKET_PRIO"
    " REMOTE_SOCKET_TOS REMOTE_SYSNAME REMOTE_SYSTEM_MODEL REMOTE_TRANSPORT_RETRANS"
    " REMOTE_VERSION RESPONSE_SIZE RESULT_BRAND RSR_SIZE RSR_SIZE_END RSR_SIZE_REQ RSS_SIZE"
    " RSS_SIZE_END RSS_SIZE_REQ SD_UNITS SOCKET_TYPE SOURCE_ADDR SOURCE_FAMILY SOURCE_PORT"
    " STDDEV_LATENCY TRANSPORT_MSS UUID".split()
)


NAMES = frozenset(KEYS) | _OTHER_KEYS


def known_key(key: str) -> bool:
    """Whether a key is one of netperf's."""
    return key in NAMES or key.startswith("NETPERF_")


def damaged_key(key: str) -> bool:
    """Whether a key seems to be one of KEYS, but for a character.

    >>> damaged_key("THROUGXPUT"), damaged_key("THROUGHPUT"), damaged_key("RSR_SIZE_END")
    (True, False, False)
    """
    return not known_key(key) and near(key, KEYS)


def near(name: str, names: Collection[str]) -> bool:
    """Whether a name is one of some names with one character changed, lost or too much.

    >>> near("Directxon", ["Direction"]), near("Protocol", ["Direction"])
    (True, False)
    """
    if not 3 < len(name) < 60:
        return False
    shorter = _shorter(tuple(names))
    cut = {name[:at] + name[at + 1 :] for at in range(len(name))}
    return name in shorter or not cut.isdisjoint(shorter) or not cut.isdisjoint(names)


@cache
def _shorter(names: tuple[str, ...]) -> frozenset[str]:
    """Names without one of their characters."""
    return frozenset(name[:at] + name[at + 1 :] for name in names for at in range(len(name)))
