"""Intervals of samples, and how much more the blocks of a profile differ than counts do.

Samples of a random instant are Poisson counts, and given their total multinomial: a variance that
the mean decides. Blocks of one cell differ by more, as a run does not spend its time like the one
before. The dispersion is the factor between both: chi-square over its degrees of freedom
(McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5). Counts divided by it give
intervals as wide as blocks differ (the effective sample size of Rao and Scott, Biometrics 48, 1992,
577).

- A count: Garwood's exact interval (Biometrika 28, 1936).
- A share: Wilson's score interval (JASA 22, 1927).

Few blocks show little of one name's dispersion. So it is drawn towards that of all names of
the profile, as those of genes are (Lund and others, Stat. Appl. Genet. Mol. Biol. 11(5), 2012), and
never taken to be below theirs, nor below 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

ALPHA = 0.05
OWN_AFTER = 4  # degrees of freedom that the dispersion of all names counts for
LEAST_EXPECTED = 5  # samples per block, below which chi-square is none

Counts = Mapping[Any, int]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Dispersion:
    """The dispersion of a profile's names.

    Args:
        blocks: from how many; with one it is not known, and counts as 1.
        of: name -> factor, 1 or more.
        freedom: degrees of freedom of each; infinite where it is not known.
    """

    blocks: int = 1
    of: Mapping[Any, float] = field(default_factory=dict)
    freedom: float = float("inf")

    @property
    def known(self) -> bool:
        return self.blocks > 1

    def factor(self, name: Any) -> float:
        """A name's factor; of one that the profile does not have, the largest of all."""
        return self.of.get(name, max(self.of.values(), default=1.0))

    def alpha(self, alpha: float) -> float:
        """The level at which normal quantiles are Student's of `alpha`: the factor is estimated."""
        if self.freedom == float("inf"):
            return alpha
        return 2 * float(special.ndtr(special.stdtrit(self.freedom, alpha / 2)))


COUNTS_ALONE = Dispersion()


def count_interval(samples: int, alpha: float = ALPHA, factor: float = 1.0) -> Interval:
    """Garwood's interval of a Poisson mean, from one count whose variance is `factor` of it.

    >>> count_interval(10)
    (4.79..., 18.39...)
    """
    events = samples / factor
    low = float(special.gammaincinv(events, alpha / 2)) if samples else 0.0
    return factor * low, factor * float(special.gammaincinv(events + 1, 1 - alpha / 2))


def share_interval(samples: int, total: int, alpha: float = ALPHA, factor: float = 1.0) -> Interval:
    """Wilson's interval of a share, as fractions; its variance is `factor` of the binomial one.

    >>> share_interval(10, 100)
    (0.05522..., 0.17436...)
    """
    z = float(special.ndtri(1 - alpha / 2))
    events = total / factor
    share, spread = samples / total, z * z / events
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / events + spread / (4 * events))
    low = 0.0 if samples == 0 else middle - half
    return low, 1.0 if samples == total else middle + half


def of_shares(blocks: Sequence[Counts]) -> Dispersion:
    """Of the shares that names have of their block's samples.

    Args:
        blocks: name -> samples, of each block.
    """
    return _dispersion(blocks, [sum(block.values()) for block in blocks], shares=True)


def of_amounts(blocks: Sequence[Counts], exposure: Sequence[float] | None = None) -> Dispersion:
    """Of samples per exposure.

    Args:
        blocks: name -> samples, of each block.
        exposure: of each block, to which samples should be proportional: what it moved, or its
            duration; equal when missing.

    The name None is that of all samples together.
    """
    sizes = [1.0] * len(blocks) if exposure is None else exposure
    return _dispersion([{**b, None: sum(b.values())} for b in blocks], sizes, shares=False)


def _dispersion(blocks: Sequence[Counts], exposure: Sequence[float], shares: bool) -> Dispersion:
    kept = [(block, size) for block, size in zip(blocks, exposure, strict=True) if size > 0]
    names = list(dict.fromkeys(name for block, _ in kept for name in block))
    if len(kept) < 2 or not names:
        return Dispersion(len(kept))
    count = len(kept)
    table = np.array([[block.get(name, 0) for name in names] for block, _ in kept], dtype=float)
    sizes = np.array([size for _, size in kept], dtype=float)
    totals = table.sum(axis=0)
    expected = np.outer(sizes / sizes.sum(), totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(expected > 0, (table - expected) ** 2 / expected, 0.0).sum(axis=0)
        left = 1 - totals / totals.sum() if shares else np.ones(len(names))
        own = np.where(left > 0, squares / left, 0.0) / (count - 1)
    enough = totals >= LEAST_EXPECTED * count
    common = float(own[enough].mean()) if enough.any() else 1.0
    drawn = (OWN_AFTER * common + (count - 1) * own) / (OWN_AFTER + count - 1)
    factors = np.maximum(1.0, np.maximum(common, drawn))
    of = {name: float(factor) for name, factor in zip(names, factors, strict=True)}
    return Dispersion(count, of, OWN_AFTER + count - 1)
