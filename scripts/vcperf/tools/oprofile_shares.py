"""Samples held against percents, in the reports of OProfile: a row whose count lost a digit
contradicts the others."""

from __future__ import annotations

import math

from vcperf.tools.filter import Untrusted

NO_PERCENT = ("---", "+++")  # in a report of a difference
_MOST_PERCENT = 100.5  # of all samples, that rows add up to


class Whole:
    """How many samples the percents of an event are of, as far as its rows tell."""

    def __init__(self) -> None:
        self.least, self.most = 0.0, math.inf
        self.samples = 0

    def hold(self, samples: int, word: str, part: bool = False) -> None:
        """Hold a row against those before.

        Args:
            samples, word: the row's figures.
            part: whether another row has its samples too.

        Raises Untrusted when they do not go together.
        """
        if word in NO_PERCENT:
            return
        least, most = _whole(samples, word)
        if least > self.most or most < self.least:
            raise Untrusted(f"{samples} samples are not {word} %, by the rows above")
        self.least, self.most = max(least, self.least), min(most, self.most)
        self.samples += 0 if part else samples

    def check_sum(self) -> None:
        """Raises Untrusted when the rows have more samples than there are."""
        if self.samples > _MOST_PERCENT / 100 * self.most:
            percent = 100 * self.samples / self.most
            raise Untrusted(f"the rows add up to {percent:.1f} % of all samples")


def _whole(samples: int, word: str) -> tuple[float, float]:
    """The least and the most samples of which so many can be a printed percentage: it is
    rounded, or old versions cut it, in its last digit."""
    digits, _, exponent = word.partition("e")
    share, digit = float(word), 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
    if not share:  # less than any that is printed
        return 1e6 * samples, math.inf
    least = 100 * samples / (share + digit)
    return least, 100 * samples / (share - digit) if share > digit else math.inf


def may_be(samples: int, word: str, whole: int) -> bool:
    """Whether samples are the printed percentage of a whole."""
    if word in NO_PERCENT:
        return True
    least, most = _whole(samples, word)
    return least <= whole <= most
