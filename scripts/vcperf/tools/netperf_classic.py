"""netperf: the rows of its classic tables, and what -v 2 adds below them.

The row of a stream is one line. That of a request/response test has a second line, with the
remote socket's sizes, and that of UDP_STREAM one with what arrived, which is its throughput.
With -c or -C, CPU utilisations and service demands follow in the line.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_checks import DEMAND_OFF, agree, demand_error, demand_fits, span, times
from vcperf.tools.netperf_head import RECEIVE
from vcperf.tools.netperf_lines import Lines
from vcperf.tools.netperf_units import INTEGER, KILOBYTES, TRANSACTIONS, percent, positive

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcperf.tools.netperf_head import Head, Values

    Add = Callable[[Values], None]

# netperf prints no exponents here and no leading zeros, so a damaged digit must not become one.
# Sizes and counts are whole; measured figures always have decimals. -1 means not known.
_SIZE = rf"(?:{INTEGER}|-1)"
_WHOLE = rf"({INTEGER}|-1)"
_HUNDREDTHS = rf"({INTEGER}\.\d\d)"
_TENTHS = rf"({INTEGER}\.\d\d?)"  # UDP_STREAM with CPU figures prints one decimal
_USED = rf"({INTEGER}\.\d\d|-1\.00)"
_DEMAND = rf"({INTEGER}\.\d{{3}}|-1\.000)"
LONGEST = 1000  # characters of a line
_whole = lru_cache(4096)(int)  # one object for one size and one time, of a million rows
_measured = lru_cache(4096)(float)
_ALONE = r"(?a)-?\d+\.\d+(?: [A-Z?])?"
_NUMBERS = r"(?a)-?\d+(?:\.\d+)?(?:\s+-?\d+(?:\.\d+)?)*"


def _pattern(fields: tuple[str, ...], cpu: tuple[str, ...]) -> str:
    more = "".join(rf"\s+{field}" for field in cpu)
    return r"(?a)" + r"\s+".join(fields) + f"(?:{more})?"


_BOTH = (_USED, _USED, _DEMAND, _DEMAND)
_ONE = (_USED, _DEMAND)
_STREAM = re.compile(_pattern((_SIZE, _SIZE, _WHOLE, _HUNDREDTHS, _HUNDREDTHS), _BOTH))
_RR = _pattern((_SIZE, _SIZE, _WHOLE, _WHOLE, _HUNDREDTHS, _HUNDREDTHS), _BOTH)
_UDP = _pattern((_SIZE, _WHOLE, _HUNDREDTHS, _WHOLE, _WHOLE, _TENTHS), _ONE)
_ARRIVED = _pattern((_SIZE, _HUNDREDTHS, _WHOLE, _TENTHS), _ONE)
_REMOTE_SOCKET = rf"(?a){_SIZE}\s+{_SIZE}"


def row(head: Head, line: str, add: Add) -> Lines | bool:
    """Read a row.

    Args:
        head: what stands above.
        line: its first line, without blanks around it.
        add: takes the row's values once it is whole.

    Returns the second line that it must have, True without one, and False when a line is none
    of numbers.

    Raises Untrusted when it is no row of the test, or contradicts itself.
    """
    kind = head.kind
    values = stream(head, line)
    if values is not None:
        add(values)
        return True
    if kind is None or kind == "rr":
        match = re.fullmatch(_RR, line)
        if match:
            values = _requests(head, match)
            return Lines("second line of a result", (_REMOTE_SOCKET,), lambda _: add(values))
    if kind is None or kind == "udp":
        match = re.fullmatch(_UDP, line)
        if match:
            first = match
            _announced(head, first[7])
            return Lines(
                "second line of a result",
                (_ARRIVED,),
                lambda second: add(_datagrams(head, first, second[0])),
            )
    if re.fullmatch(_ALONE, line):
        raise Untrusted(f"{quote(line)}: a figure without size and time (netperf -v 0): use -v 1")
    if len(line) < LONGEST and re.fullmatch(_NUMBERS, line):
        raise Untrusted(f"not a row that netperf prints for {head.name}: {quote(line)}")
    return False


def stream(head: Head, line: str) -> Values | None:
    """The row of a stream; None when a line is none.

    Raises Untrusted when it contradicts what stands above, or itself.
    """
    match = _STREAM.fullmatch(line)
    if match is None or head.kind not in (None, "stream"):
        return None
    fields = match.groups()
    size, elapsed, rate, used = fields[:4]
    if head.with_cpu is not None:
        _announced(head, used)
    factor = head.factor()
    bytes_at_once, seconds, printed = _whole(size), _measured(elapsed), float(rate)
    if bytes_at_once <= 0 or seconds <= 0 or printed <= 0:
        positive("message size", bytes_at_once)
        positive("elapsed time", seconds)
        positive("throughput", printed)
    mbps = printed if factor == 1.0 else round(printed * factor, 6)
    local = remote = None
    if used is not None:
        # The last message may have arrived without having been counted as sent.
        off = 0.005 / printed + bytes_at_once * 8e-6 / (mbps * seconds)
        local, remote = _ends(head, fields[3:], off, mbps * KILOBYTES)
        if head.direction == RECEIVE:  # the local end's figures come first, and it receives
            local, remote = remote, local
    return (head.test, bytes_at_once, seconds, mbps, None, local, remote)


def _requests(head: Head, match: re.Match[str]) -> Values:
    size, response, elapsed, rate, *cpu = match.groups()
    _announced(head, cpu[0])
    if head.unit not in (None, TRANSACTIONS):
        raise Untrusted(
            f"{head.name} with a rate in {head.unit} in place of transactions: leave out netperf -f"
        )
    positive("response size", int(response))
    bytes_at_once = int(positive("message size", int(size)))
    seconds = positive("elapsed time", float(elapsed))
    per_s = positive("transaction rate", float(rate))
    if per_s * seconds < 0.5:
        raise Untrusted(f"{rate} per second for {elapsed} s is less than one transaction")
    local = remote = None
    if cpu[0] is not None:
        local, remote = _ends(head, cpu, 0.005 / per_s, per_s)
    return (head.test, bytes_at_once, seconds, None, per_s, local, remote)


def _datagrams(head: Head, first: re.Match[str], second: re.Match[str]) -> Values:
    size, elapsed, okay, errors, sent, *cpu = first.groups()
    elapsed_again, arrived, received, *cpu_again = second.groups()
    if (cpu[0] is None) != (cpu_again[0] is None):
        raise Untrusted("one line of the result has CPU figures, the other has none")
    if elapsed != elapsed_again:
        raise Untrusted(f"an elapsed time of {elapsed} s in one line, {elapsed_again} s below")
    positive("messages", max(int(okay), 0) + max(int(errors), 0))
    bytes_at_once = int(positive("message size", int(size)))
    seconds = positive("elapsed time", float(elapsed))
    if int(arrived) == 0:
        raise Untrusted(f"nothing arrived of {okay} messages")
    factor = head.factor()
    mbps = round(positive("throughput", float(received)) * factor, 6)
    for messages, rate in ((okay, sent), (arrived, received)):
        low, high = times(span(rate), span(elapsed))
        megabits = int(messages) * bytes_at_once * 8e-6
        if not agree((megabits, megabits), (low * factor, high * factor), head.averaged):
            raise Untrusted(
                f"{messages} messages of {size} bytes in {elapsed} s are not a rate of {rate}; with"
                " netperf -M below -m they are received in part"
            )
    local = remote = None
    if cpu[0] is not None:
        # Since 2.5 a demand is of what was sent, before of what arrived.
        rates = (float(sent) * factor * KILOBYTES, mbps * KILOBYTES)
        off = 0.05 / max(min(float(sent), float(received)), 0.05)
        ends = (cpu[0], cpu_again[0], cpu[1], cpu_again[1])
        local, remote = _ends(head, ends, off, *rates[: 1 if head.migrated else 2])
    return (head.test, bytes_at_once, seconds, mbps, None, local, remote)


def _announced(head: Head, cpu: str | None) -> None:
    if head.with_cpu is not None and head.with_cpu != (cpu is not None):
        figures = "CPU figures" if cpu is not None else "no CPU figures"
        raise Untrusted(f"a row with {figures}, which is not what its header announces")


@cache
def _used(printed: str) -> float | None:
    """A CPU utilisation; there are few of them, and a million rows would have as many."""
    return percent(float(printed))


def _ends(
    head: Head, cpu: Sequence[str], off: float, *rates: float
) -> tuple[float | None, float | None]:
    """The CPU utilisation of the local and the remote end, in percent.

    Args:
        cpu: both utilisations, then both service demands.
        off: by what share the rates may be off.
        rates: transactions or 1024 bytes per second, of which the demands may be.
    """
    local, remote = _used(cpu[0]), _used(cpu[1])
    more = DEMAND_OFF[head.averaged]
    for end, used, printed in (("local", local, cpu[2]), ("remote", remote, cpu[3])):
        demand = float(printed)
        if used is None or demand < 0:
            if used is not None or demand != -1:
                raise demand_error(end, used, demand, rates[0])
        elif more is not None and not (
            demand_fits(used, demand, rates[0], off + more)
            or demand_fits(used, demand, rates[-1], off + more)
        ):
            raise demand_error(end, used, demand, rates[0])
    if head.doubtful:
        local = None if "Local" in head.doubtful else local
        remote = None if "Remote" in head.doubtful else remote
    return local, remote


def check_alignment(head: Head, values: Values, matches: list[re.Match[str]]) -> None:
    """Hold what -v 2 prints below a row against the row.

    Args:
        head: what stands above the row.
        values: the row.
        matches: those of netperf_lines.ALIGNMENT.

    Raises Untrusted when they contradict.
    """
    moved, each, calls, per_s = matches[-1].groups()
    _, size, seconds, mbps, transactions, *_ = values
    if per_s is not None and transactions is not None:
        printed = (transactions - 0.005, transactions + 0.005)
        if not agree(span(per_s), printed, head.averaged):
            raise Untrusted(f"a rate of {transactions} in the row, of {per_s} below it")
    if moved is None or mbps is None or not seconds or not size:
        return
    digits = float(moved)
    half = 0.5 if moved.isdigit() else digits * 5e-4  # or four digits of it
    total = (digits - half, digits + half)
    if each[-1].isdigit():
        if not agree(times(span(each), (int(calls), int(calls))), total, False):
            raise Untrusted(f"{calls} times {each} bytes are not {moved} bytes")
        if head.direction != RECEIVE and not 0.9 * size <= float(each) <= size + 0.005:
            raise Untrusted(f"messages of {size} bytes in the row, of {each} bytes below it")
    half = 0.005 * head.factor()
    bits = times((mbps - half, mbps + half), (seconds - 0.005, seconds + 0.005))
    # The last message may have arrived without having been counted as sent.
    off = size / digits if digits else 0.0
    if not agree((total[0] * 8e-6, total[1] * 8e-6), bits, head.averaged, off):
        raise Untrusted(f"{moved} bytes in {seconds} s are not a rate of {mbps} x 10^6 bit/s")
