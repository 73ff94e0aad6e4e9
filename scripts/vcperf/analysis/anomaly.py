"""Message sizes at which a ping-pong latency curve leaves its law, and how it leaves it.

The law is latency = a + b * size (R. Hockney, "The communication challenge for MPP",
Parallel Computing 20, 1994), one a protocol: a switch of protocol starts a new a and b and
stays. T. Hoefler, A. Lichei and W. Rehm ("Low-overhead LogGP parameter assessment for modern
interconnection networks", IPDPS 2007) find such switches by least squares as well. Here the
sizes are cut into the pieces that cost least (B. Jackson et al., "An algorithm for optimal
partitioning of data on an interval", IEEE Signal Processing Letters 12, 2005), where a piece
may leave out one bump. Residuals are relative, that is logarithmic, so all sizes weigh alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vcperf.errors import VcperfError

CURVE = ["testbed", "pinning", "stack", "program", "load"]
COLUMNS = [*CURVE, "message_bytes", "excess_percent", "low", "high", "blocks", "kind"]
DEFAULT_POINTS = (16384, 32768)

MIN_BLOCKS = 3  # the median of three holds against one bad block, that of two does not
MIN_SIZES = 3  # of a piece: two fix a and b, the third can contradict them
MISFIT = 0.015  # relative: real curves follow the law no better, however quiet the blocks
FALSE_CURVES = 0.01  # share of curves without a bump in which one may be said
NOISE_SIZES = 6  # sizes whose blocks the noise counts as known from: fewer blocks, more doubt
SECOND_SIZE_PENALTY = 8.0  # squared standard errors: a bump of two sizes must be worth it,
STEP_PENALTY = 8.0  # and so must a step, which brings two parameters,
EDGE_PENALTY = 12.0  # and a bump that has its law on one side only,
DIP_PENALTY = 40.0  # and sizes faster than their law: step and dip can look like bump and step
OWN_NOISE_AFTER = 4  # degrees of freedom that the noise of the whole curve counts for
Z95 = 1.959964

BACK = 1 / 3  # of its excess: the size after a bump has less, or it is a step that fades

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A curve without its blocks' common factors.

    size: n message sizes in bytes, increasing; latency: their medians over the blocks in
    us; error: standard errors of log(latency), MISFIT included; blocks: how many.
    """

    size: Floats
    latency: Floats
    error: Floats
    blocks: NDArray[np.int64]

    @property
    def critical(self) -> float:
        """Standard errors that count: Student's t, FALSE_CURVES shared out over the sizes.

        C. Bonferroni's inequality, so it holds however the sizes depend on one another.
        """
        freedom = NOISE_SIZES * (float(np.median(self.blocks)) - 1)
        return float(special.stdtrit(freedom, 1 - FALSE_CURVES / len(self.size)))

    def without(self, places: set[int]) -> Curve:
        keep = np.array([place not in places for place in range(len(self.size))], dtype=bool)
        return Curve(self.size[keep], self.latency[keep], self.error[keep], self.blocks[keep])


@dataclass(frozen=True)
class Piece:
    """Sizes start to stop (exclusive) follow one law, but for those in `bump`."""

    start: int
    stop: int
    bump: tuple[int, ...]


def find(blocks: pd.DataFrame) -> pd.DataFrame:
    """Sizes that stand out, over all curves.

    Args:
        blocks: results/tables/pingpong.csv, a row a size and block: the columns CURVE,
            message_bytes, block, latency_us. Sizes with fewer than MIN_BLOCKS blocks are
            left out.

    Returns COLUMNS, in order of curve and size. `kind` is bump (the latency comes back one
    or two sizes later) or step (the first size of another law). `excess_percent` is over
    the law of the sizes around a bump, or over the law before a step, extrapolated; `low`
    and `high` bound it at 95 %, in percent. A step down has a negative excess.

    Raises VcperfError for a latency that is not positive, or a size twice in a block.
    """
    rows = [
        dict(zip(CURVE, names, strict=True)) | row
        for names, group in blocks.groupby(CURVE, sort=False, dropna=False)
        for row in _of_curve(reduce_blocks(group))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def points(
    blocks: pd.DataFrame, found: pd.DataFrame, default: tuple[int, int] = DEFAULT_POINTS
) -> pd.DataFrame:
    """Points A and B of each curve: where a profile is worth it, and its neighbour.

    Args:
        blocks: as for `find`.
        found: what `find` said of them.
        default: A and B, in bytes, of a curve without a bump. Steps are no anomaly.

    Returns CURVE, `a_bytes` (the bump of the largest excess), `b_bytes` (the next larger
    size measured), `source` (anomaly or default); a row a curve.
    """
    rows = []
    for names, group in blocks.groupby(CURVE, sort=False, dropna=False):
        row = dict(zip(CURVE, names, strict=True))
        bumps = found[found["kind"] == "bump"]
        for name, value in row.items():
            bumps = bumps[bumps[name].isin([value])]  # where an empty name equals itself
        a, b = default
        if len(bumps):
            a = int(bumps["message_bytes"].to_numpy()[bumps["excess_percent"].argmax()])
            sizes = group["message_bytes"].to_numpy()
            b = int(sizes[sizes > a].min())
        source = "anomaly" if len(bumps) else "default"
        rows.append(row | {"a_bytes": a, "b_bytes": b, "source": source})
    return pd.DataFrame(rows, columns=[*CURVE, "a_bytes", "b_bytes", "source"])


def largest(
    points: pd.DataFrame, found: pd.DataFrame, stacks: Collection[str], load: str
) -> pd.Series | None:
    """The row of `points` whose point A has the largest excess, among some curves.

    Args:
        points, found: what `points` and `find` returned.
        stacks, load: of the curves to choose from.

    Returns None when none of those has an anomaly.
    """
    wanted = points[points["stack"].isin(stacks) & points["load"].isin([load])]
    wanted = wanted[wanted["source"] == "anomaly"]
    bumps = found[found["kind"] == "bump"].rename(columns={"message_bytes": "a_bytes"})
    known = wanted.merge(bumps[[*CURVE, "a_bytes", "excess_percent"]], on=[*CURVE, "a_bytes"])
    if known.empty:
        return None
    return known.sort_values("excess_percent").iloc[-1]


def reduce_blocks(rows: pd.DataFrame) -> Curve:
    """Blocks of one curve to medians and their standard errors.

    A block's common factor is the median of its log latencies less those of all blocks
    (a step of J. Tukey's median polish, Exploratory Data Analysis, 1977). The noise of a
    size is the median absolute difference of its pairs of blocks (after P. Rousseeuw and
    C. Croux, "Alternatives to the median absolute deviation", JASA 88, 1993), drawn
    towards that of the whole curve (G. Smyth, "Linear models and empirical Bayes methods",
    2004) and never below it. The standard error of a median of k is sqrt(pi / (2k + 1)) of it.

    Args:
        rows: message_bytes, block, latency_us of one curve.

    Returns the Curve. Raises VcperfError as `find`.
    """
    where = ", ".join(str(rows[name].iloc[0]) for name in CURVE)
    if not (rows["latency_us"].dropna() > 0).all():
        raise VcperfError(f"ping-pong {where}: latency_us must be positive; measure it again")
    if rows.duplicated(["message_bytes", "block"]).any():
        raise VcperfError(
            f"ping-pong {where}: a size is twice in a block; one row each is expected"
        )
    wide = rows.pivot(index="block", columns="message_bytes", values="latency_us").sort_index(
        axis=1
    )
    log: Floats = np.log(wide.loc[:, wide.count() >= MIN_BLOCKS].dropna(how="all").to_numpy(float))
    size = wide.columns[wide.count() >= MIN_BLOCKS].to_numpy(float)
    if not log.size:
        nothing = np.empty(0)
        return Curve(nothing, nothing, nothing, np.empty(0, dtype=np.int64))
    log = log - np.nanmedian(log - np.nanmedian(log, axis=0), axis=1, keepdims=True)
    count = np.sum(~np.isnan(log), axis=0)
    one, other = np.triu_indices(len(log), 1)
    gaps = np.abs(log[one] - log[other]) / (np.sqrt(2) * 0.6745)  # normal: median is sigma
    common, own = np.nanmedian(gaps), np.nanmedian(gaps, axis=0)
    freedom = count - 1
    drawn = (OWN_NOISE_AFTER * common**2 + freedom * own**2) / (OWN_NOISE_AFTER + freedom)
    noise = np.sqrt(np.maximum(drawn, common**2))
    error = np.hypot(noise * np.sqrt(np.pi / (2 * count + 1)), MISFIT)
    return Curve(size, np.exp(np.nanmedian(log, axis=0)), error, count)


def _of_curve(curve: Curve) -> list[dict[str, object]]:
    """Bumps one after another, each left out of the next search; then the steps of the rest."""
    rows = []
    left_out: set[int] = set()
    while True:
        rest = curve.without(left_out)
        original = [place for place in range(len(curve.size)) if place not in left_out]
        pieces = partition(rest)
        fresh = [(number, piece) for number, piece in enumerate(pieces) if piece.bump]
        for number, piece in fresh:
            rows += _bump_rows(rest, pieces, number)
            left_out |= {original[place] for place in piece.bump}
        if not fresh:
            break
    for before, after in pairwise(pieces):
        excess, error = _excess(rest, before, after.start)
        if abs(excess) > rest.critical * error:
            rows.append(_row(rest, after.start, excess, error, "step"))
    return sorted(rows, key=lambda row: float(str(row["message_bytes"])))


def _bump_rows(curve: Curve, pieces: list[Piece], number: int) -> list[dict[str, object]]:
    """Rows of a piece's bump if it stands above what is left and what is right of it.

    At an end of the curve there is but one side: it is never a bump. Between two pieces it
    must exceed both laws (R. Berger, "Multiparameter hypothesis testing and acceptance
    sampling", Technometrics 24, 1982: both must be rejected, each at the full level).
    """
    piece = pieces[number]
    if piece.bump[0] == 0 or piece.bump[-1] == len(curve.size) - 1:
        return []
    laws = [piece]
    if piece.bump[0] == piece.start:
        laws.append(pieces[number - 1])
    if piece.bump[-1] == piece.stop - 1:
        laws.append(pieces[number + 1])
    after = piece.bump[-1] + 1
    if after < piece.stop - 1:  # else its law would be extrapolated
        peak = max(_excess(curve, piece, place)[0] for place in piece.bump)
        if _excess(curve, piece, after)[0] > BACK * peak:
            return []
    rows = []
    for place in piece.bump:
        excess, error = min(_excess(curve, law, place) for law in laws)
        if excess > curve.critical * error:
            rows.append(_row(curve, place, excess, error, "bump"))
    return rows


def _row(curve: Curve, place: int, excess: float, error: float, kind: str) -> dict[str, object]:
    percents = [100 * np.expm1(excess + z * error) for z in (0.0, -Z95, Z95)]
    return {
        "message_bytes": int(curve.size[place]),
        **dict(zip(("excess_percent", "low", "high"), map(float, percents), strict=True)),
        "blocks": int(curve.blocks[place]),
        "kind": kind,
    }


def _excess(curve: Curve, piece: Piece, place: int) -> tuple[float, float]:
    """log(latency over the piece's law) at a place, and its standard error."""
    own = [i for i in range(piece.start, piece.stop) if i not in piece.bump and i != place]
    size, latency = curve.size[own], curve.latency[own]
    weight = 1 / (curve.error[own] * latency) ** 2
    sums = _terms(weight, size, latency).sum(axis=0)
    a, b, _ = _fit(sums)
    law = float(a + b * curve.size[place])
    normal = sums[[[0, 1], [1, 2]]]
    slope = np.array([1.0, curve.size[place]]) / law
    variance = float(slope @ np.linalg.solve(normal, slope)) + curve.error[place] ** 2
    return float(np.log(curve.latency[place] / law)), float(np.sqrt(variance))


def _terms(w: Floats, s: Floats, t: Floats) -> Floats:
    """What `_fit` takes the sums of, sizes x 6: weight, size, latency."""
    return np.stack([w, w * s, w * s**2, w * t, w * s * t, w * t**2], axis=1)


def _fit(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """a, b >= 0 and the weighted residual sum of squares, of sums of `_terms`."""
    w, ws, wss, wt, wst, wtt = sums.T
    determinant = w * wss - ws**2
    with np.errstate(divide="ignore", invalid="ignore"):
        a = (wss * wt - ws * wst) / determinant
        b = (w * wst - ws * wt) / determinant
        flat, through_zero = wtt - wt**2 / w, wtt - wst**2 / wss
        free = wtt - a * wt - b * wst
        allowed = (a >= 0) & (b >= 0)
        is_flat = ~allowed & ~(through_zero < flat)
        a = np.where(allowed, a, np.where(is_flat, wt / w, 0.0))
        b = np.where(allowed, b, np.where(is_flat, 0.0, wst / wss))
    return a, b, np.where(allowed, free, np.where(is_flat, flat, through_zero))


def partition(curve: Curve) -> list[Piece]:
    """The pieces of least cost: squared residuals in standard errors, and penalties.

    Args:
        curve: n sizes.

    Returns the pieces in order, none when there are fewer than MIN_SIZES sizes.
    """
    n = len(curve.size)
    if n < MIN_SIZES:
        return []
    candidates = _candidates(n)
    weight = 1 / (curve.error * curve.latency) ** 2
    a, b, residual = _fit(candidates.masks @ _terms(weight, curve.size, curve.latency))
    ends = (candidates.first, candidates.last)
    below = [curve.latency[end] < a + b * curve.size[end] for end in ends]
    dip = candidates.has_bump & (below[0] | below[1])
    cost = residual + candidates.penalty + DIP_PENALTY * dip
    cost += curve.critical**2 * (candidates.has_bump + (candidates.start > 0).astype(float))
    least = np.full(n + 1, np.inf)  # of the sizes before this one
    least[0] = 0
    last: dict[int, Piece] = {}
    for stop in range(MIN_SIZES, n + 1):
        ending = candidates.ending[stop]
        total = least[candidates.start[ending]] + cost[ending]
        least[stop] = total.min()
        last[stop] = candidates.pieces[ending.start + int(total.argmin())]
    pieces, stop = [], n
    while stop:
        pieces.append(last[stop])
        stop = last[stop].start
    return pieces[::-1]


@dataclass(frozen=True)
class Candidates:
    """All m pieces of n sizes, in order of where they stop.

    start: m first sizes; has_bump: m; first, last: m ends of bumps; masks: m x n, 1 for a
    size in the fit; penalty: m; ending: which of them stop at a size.
    """

    pieces: list[Piece]
    start: NDArray[np.int64]
    has_bump: NDArray[np.bool_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    masks: Floats
    penalty: Floats
    ending: dict[int, slice]


@lru_cache(maxsize=64)
def _candidates(n: int) -> Candidates:
    pieces: list[Piece] = []
    ending = {}
    for stop in range(MIN_SIZES, n + 1):
        before = len(pieces)
        pieces += _pieces(stop)
        ending[stop] = slice(before, len(pieces))
    masks = np.zeros((len(pieces), n))
    for mask, piece in zip(masks, pieces, strict=True):
        mask[piece.start : piece.stop] = 1
        mask[list(piece.bump)] = 0
    return Candidates(
        pieces=pieces,
        start=np.array([piece.start for piece in pieces]),
        has_bump=np.array([bool(piece.bump) for piece in pieces]),
        first=np.array([piece.bump[0] if piece.bump else 0 for piece in pieces]),
        last=np.array([piece.bump[-1] if piece.bump else 0 for piece in pieces]),
        masks=masks,
        penalty=np.array([_penalty(piece) for piece in pieces]),
        ending=ending,
    )


def _pieces(stop: int) -> Iterator[Piece]:
    for start in range(stop - MIN_SIZES + 1):
        yield Piece(start, stop, ())
        for width in (1, 2):
            if stop - start - width >= MIN_SIZES:
                for first in range(start, stop - width + 1):
                    yield Piece(start, stop, tuple(range(first, first + width)))


def _penalty(piece: Piece) -> float:
    second = SECOND_SIZE_PENALTY if len(piece.bump) > 1 else 0.0
    at_edge = bool(piece.bump) and (
        piece.bump[0] == piece.start or piece.bump[-1] + 1 == piece.stop
    )
    return second + EDGE_PENALTY * at_edge + STEP_PENALTY * (piece.start > 0)
