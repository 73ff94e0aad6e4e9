"""netperf: one result of keys and values (-k), or of names and values (-o).

Besides what the columns need, a result may have figures that must agree with it: bytes moved,
service demands, latencies. They decide what is not printed, and what contradicts is refused.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_checks import DEMAND_OFF, agree, demand_error, demand_fits, span, times
from vcperf.tools.netperf_head import DIRECTIONS, RECEIVE, REQUESTS, SEND
from vcperf.tools.netperf_names import KEYS
from vcperf.tools.netperf_units import (
    DATA_UNITS,
    INTEGER,
    KILOBYTES,
    TRANSACTIONS,
    megabits,
    percent,
    positive,
)

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcperf.tools.netperf_head import Head, Values

_MEASURED = re.compile(rf"(?a){INTEGER}\.\d{{1,9}}|-1\.0{{2,6}}")
_HUNDREDTHS = re.compile(rf"(?a){INTEGER}\.\d\d|-1\.00")
_WHOLE = re.compile(f"(?a){INTEGER}")
_ASK = "ask netperf for THROUGHPUT_UNITS too"
_LEAST_LATENCY, _MOST_LATENCY = 0.75, 1.1  # a mean, as a share of the time that the rate leaves


def row(keys: dict[str, str], head: Head) -> tuple[Values, str | None]:
    """The row of one result.

    Args:
        keys: what netperf printed; of KEYS, and NETPERF_UNITS[n] of interim results.
        head: what stands above.

    Returns its values, in the order of netperf.COLUMNS, and by how much the confidence that
    was asked for is missed, if it is.

    Raises Untrusted when a figure is damaged, what it needs is missing, or figures contradict.
    """
    if head.keys is None:
        head.keys = keys
    else:  # another line between keys makes two results of one
        differ = (head.keys.keys() ^ keys.keys()) & KEYS.keys()
        if differ:
            raise Untrusted(f"{min(differ)} is in one result, and missing in another")
    result = _Result(keys, head)
    return result.values(), result.missed_confidence()


class _Result:
    """The figures of one result, and what they say together."""

    def __init__(self, keys: dict[str, str], head: Head) -> None:
        self.keys, self.head = keys, head
        self.averaged = head.averaged
        if head.averaged is None and "CONFIDENCE_ITERATION" in keys:
            self.averaged = keys["CONFIDENCE_ITERATION"] != "1"
        self.udp = "UDP" in (keys.get("PROTOCOL"), (head.test or "")[:3])
        self.elapsed = keys.get("ELAPSED_TIME")
        if self.elapsed is not None:
            self._above_0("ELAPSED_TIME", self.elapsed)
        self.unit = self._printed_unit()
        self.printed, self.rate = self._printed_rate()
        self.direction = self._direction()

    def _printed_rate(self) -> tuple[str, float]:
        """The rate as it is printed, and its value."""
        key = "THROUGHPUT"
        if key not in self.keys and self.figure("TRANSACTION_RATE") not in (None, "1.000"):
            key, self.unit = "TRANSACTION_RATE", TRANSACTIONS  # 1.000 is that of streams
        printed = self.keys.get(key)
        if printed is None:
            raise Untrusted("THROUGHPUT is missing")
        if printed == "0.00" and self.udp:
            raise Untrusted("nothing arrived: THROUGHPUT is 0")
        if key == "THROUGHPUT":
            return printed, self._above_0(key, printed)
        return printed, positive(key, float(printed))

    def _above_0(self, key: str, printed: str) -> float:
        if not _HUNDREDTHS.fullmatch(printed):
            raise Untrusted(f"{key}={quote(printed)} is not a number with two decimals")
        return positive(key, float(printed))

    def figure(self, key: str) -> str | None:
        """A measured figure as it is printed; None where netperf did not measure it."""
        printed = self.keys.get(key)
        if printed is None or printed in ("nan", "-nan", "inf", "-inf"):
            return None
        if not _MEASURED.fullmatch(printed):
            raise Untrusted(f"{key}={quote(printed)} is not a number with decimals")
        return None if printed[0] == "-" else printed

    def count(self, key: str) -> int:
        """A size or a count; 0 where netperf does not know it."""
        printed = self.keys.get(key)
        if printed is None or printed == "-1":
            return 0
        if not _WHOLE.fullmatch(printed):
            raise Untrusted(f"{key}={quote(printed)} is not a whole number")
        return int(printed)

    # -- what is printed, or else follows ---------------------------------------

    def _printed_unit(self) -> str | None:
        keys = self.keys
        unit = keys.get("THROUGHPUT_UNITS")
        if self.head.unit is None and "NETPERF_UNITS[0]" not in keys:
            return unit
        units = {keys[key] for key in keys if key.startswith("NETPERF_UNITS[")}
        units |= {known for known in (unit, self.head.unit) if known is not None}
        if len(units) > 1:
            raise Untrusted(f"rates in several units: {quote(', '.join(sorted(units)))}")
        return units.pop()

    def _direction(self) -> str | None:
        """One of DIRECTIONS; None where nothing says it."""
        printed, by_test = self.keys.get("DIRECTION"), self.head.direction
        if printed is not None and printed not in DIRECTIONS:
            raise Untrusted(f"DIRECTION={quote(printed)} is none of {', '.join(DIRECTIONS)}")
        if printed and by_test and printed != by_test:
            raise Untrusted(f"DIRECTION={printed} contradicts {self.head.name}, of {by_test}")
        if printed or by_test:
            return printed or by_test
        if self.unit == TRANSACTIONS or self.count("REQUEST_SIZE") or self.figure("RT_LATENCY"):
            return REQUESTS
        if self.count("REMOTE_SEND_SIZE"):
            return REQUESTS if self.count("REMOTE_RECV_SIZE") else RECEIVE
        if self.count("LOCAL_RECV_SIZE") or self.count("LOCAL_BYTES_RECVD"):
            return RECEIVE
        return SEND if self.count("REMOTE_RECV_SIZE") or self.count("LOCAL_BYTES_SENT") else None

    def _decided_unit(self) -> str:
        """The unit that is not printed: what the other figures leave."""
        agreed = dict(self._against_transactions())
        if self.direction is None:
            agreed = {key: yes for key, yes in agreed.items() if key == "TRANSACTION_RATE"}
        if self.direction not in (SEND, RECEIVE):
            if all(agreed.values()) and (agreed or self.direction):
                return TRANSACTIONS
            if self.direction:
                against = [f"{key}={self.keys[key]}" for key, yes in agreed.items() if not yes]
                raise Untrusted(
                    f"THROUGHPUT={self.printed} is not transactions per second by"
                    f" {' and '.join(against)}: {_ASK}"
                )
        units = [unit for unit in DATA_UNITS if self._against_bytes(megabits(unit))]
        if len(units) != 1:
            raise Untrusted(f"THROUGHPUT_UNITS is missing, and no other key decides: {_ASK}")
        return units[0]

    # -- figures that must agree ------------------------------------------------

    def _against_transactions(self) -> Iterator[tuple[str, bool]]:
        """Key -> whether it agrees with the rate as transactions per second."""
        per_s = span(self.printed)
        counted = self.figure("TRANSACTION_RATE")
        if counted and (self.direction or counted != "1.000"):
            yield "TRANSACTION_RATE", agree(span(counted), per_s, self.averaged)
        burst = self.count("BURST_SIZE") if "BURST_SIZE" in self.keys else self.head.burst
        paced = self.head.paced or self.count("LOCAL_INTERVAL_BURST") > 0
        for key in ("RT_LATENCY", "MEAN_LATENCY"):
            latency = self.figure(key)
            if not latency or self.averaged:
                continue
            low, high = times(span(latency), per_s)
            low, high = low / 1e6, high / 1e6
            at_once = 1 + burst if burst is not None else max(1, round(high))
            if key == "RT_LATENCY":
                agrees = agree((low, high), (at_once, at_once), self.averaged)
            else:  # it leaves out what is between transactions
                agrees = low <= _MOST_LATENCY * at_once and (
                    self.udp or high >= _LEAST_LATENCY * at_once
                )
            yield key, agrees or (paced and high < at_once)

    def _against_bytes(self, factor: float) -> bool | None:
        """Whether the bytes moved agree with the rate; None where they are not printed.

        Args:
            factor: what one unit of the rate is in 10^6 bit/s.
        """
        off = 0.0
        key = "LOCAL_BYTES_RECVD" if self.direction == RECEIVE else "REMOTE_BYTES_RECVD"
        moved = self.count(key)
        if not moved and self.direction != RECEIVE and not self.udp:
            # The last message may have arrived without having been counted as sent.
            moved = self.count("LOCAL_BYTES_SENT")
            off = self.count("LOCAL_SEND_SIZE") / moved if moved else 0.0
        if not moved or self.elapsed is None:
            return None
        low, high = times(span(self.printed), span(self.elapsed))
        bits = (low * factor, high * factor)
        return agree((moved * 8e-6, moved * 8e-6), bits, self.averaged, off)

    def _check_data(self, factor: float) -> None:
        if self._against_bytes(factor) is False:
            raise Untrusted(f"THROUGHPUT={self.printed} contradicts the bytes moved")
        end = "LOCAL" if self.direction == RECEIVE else "REMOTE"
        again = self.figure(f"{end}_RECV_THROUGHPUT")
        if again and float(again) and not agree(span(again), span(self.printed), self.averaged):
            raise Untrusted(f"THROUGHPUT={self.printed}, but {end}_RECV_THROUGHPUT={again}")

    def _ends(self, rate: float, off: float) -> tuple[float | None, float | None]:
        """The CPU utilisation of the sender and the receiver, in percent.

        Args:
            rate: transactions or 1024 bytes per second, as service demands have it; 0 where
                it is not known.
            off: by what share it may be off.
        """
        local = self._used("LOCAL_CPU_UTIL")
        remote = self._used("REMOTE_CPU_UTIL")
        more = DEMAND_OFF[self.averaged]
        if rate and more is not None and ("LOCAL_SD" in self.keys or "REMOTE_SD" in self.keys):
            for end, used in (("LOCAL", local), ("REMOTE", remote)):
                printed = self.figure(f"{end}_SD")
                if not used or not printed:
                    continue
                demand, count = float(printed), self.count(f"{end}_CPU_COUNT")
                if not demand_fits(used, demand, rate, off + more, count):
                    raise demand_error(end.lower(), used, demand, rate)
        return (remote, local) if self.direction == RECEIVE else (local, remote)

    def _used(self, key: str) -> float | None:
        printed = self.keys.get(key)
        if printed is None:
            return None
        if not _HUNDREDTHS.fullmatch(printed):
            raise Untrusted(f"{key}={quote(printed)} is not a number with two decimals")
        return percent(float(printed))

    def values(self) -> Values:
        """The row, in the order of netperf.COLUMNS."""
        unit = self.unit or self._decided_unit()
        if self.direction is None and unit == TRANSACTIONS:
            self.direction = REQUESTS
        seconds = float(self.elapsed) if self.elapsed else None
        test, off = self.head.test, 0.005 / self.rate
        transactions = self.direction not in (None, SEND, RECEIVE)
        if transactions != (unit == TRANSACTIONS):
            what = "transactions: leave out netperf -f" if transactions else "data per second"
            raise Untrusted(f"{self.head.name} with a rate in {quote(unit)} in place of {what}")
        if transactions:
            for key, agrees in self._against_transactions():
                if not agrees:
                    raise Untrusted(
                        f"{self.printed} transactions per second contradict {key}={self.keys[key]}"
                    )
            size = self.count("REQUEST_SIZE") or None
            return (test, size, seconds, None, self.rate, *self._ends(self.rate, off))
        factor = megabits(unit)
        self._check_data(factor)
        size = self.count(f"{'REMOTE' if self.direction == RECEIVE else 'LOCAL'}_SEND_SIZE") or None
        mbps = round(self.rate * factor, 6)
        base: float = mbps
        if self.udp and self.direction != RECEIVE:  # a demand is of what was sent
            base = float(self.figure("LOCAL_SEND_THROUGHPUT") or 0) * factor
        elif size and seconds:
            off += size * 8e-6 / (mbps * seconds)
        return (test, size, seconds, mbps, None, *self._ends(base * KILOBYTES, off))

    def missed_confidence(self) -> str | None:
        """By how much the confidence that was asked for is missed."""
        width = self.figure("THROUGHPUT_CONFID")
        if width is None:
            return None
        wanted = float(self.figure("CONFIDENCE_INTERVAL") or self.head.width or 0)
        if not wanted or float(width) <= wanted:
            return None
        return f"Throughput {width} %"
