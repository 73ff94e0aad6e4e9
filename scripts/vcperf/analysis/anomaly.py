"""Message sizes at which a ping-pong latency curve leaves its law, and how it leaves it.

`vcperf.analysis.laws` finds the laws. A bump is judged by its neighbours as well: it stands
above the law that both belong to, and above the line between the two.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pandas as pd

from vcperf.analysis.laws import BUMPED_SIZES, Curve, Floats, Piece, excess, partition
from vcperf.errors import VcperfError

CURVE = ["testbed", "pinning", "stack", "program", "load"]
COLUMNS = [*CURVE, "message_bytes", "excess_percent", "low", "high", "blocks", "kind"]
POINTS = [*CURVE, "a_bytes", "b_bytes", "source", "unseen_bytes"]
UNSEEN_PERCENT = 30  # a bump of this height that would not be found
DEFAULT_POINTS = (16384, 32768)

MIN_BLOCKS = 3  # the median of three holds against one bad block, that of two does not
MISFIT = 0.015  # relative: real curves follow the law no better, however quiet the blocks
OWN_NOISE_AFTER = 4  # degrees of freedom that the noise of the whole curve counts for
BACK = 0.4  # of its excess: the size before a bump is less above its law
NEXT = 0.25  # the same of the size after it; else it may belong to a step
FALLEN = 0.5  # of its rise: so much the latency falls after what may be a step
MAX_RUN = 2  # sizes: more side by side are a plateau
Z95 = 1.959964


def find(blocks: pd.DataFrame) -> pd.DataFrame:
    """Sizes that stand out, over all curves.

    Args:
        blocks: results/tables/pingpong.csv, one row per size and block: the columns CURVE,
            message_bytes, block, latency_us. Sizes with fewer than MIN_BLOCKS blocks are
            left out.

    Returns COLUMNS, in order of curve and size. `kind` is bump (the latency comes back one
    or two sizes later) or step (the first size of another law, where the latency jumps).
    `excess_percent` is over the law of the sizes around a bump, or what the latency jumps at
    a step; `low` and `high` bound it at 95 %, in percent. A step down has a negative excess.

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
    size measured), `source` (anomaly or default), `unseen_bytes` (the sizes at which a bump of
    UNSEEN_PERCENT would not be found on this curve, separated by blanks: no bump there says
    nothing); one row per curve.
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
        unseen = " ".join(map(str, unseen_sizes(reduce_blocks(group))))
        rows.append(row | {"a_bytes": a, "b_bytes": b, "source": source, "unseen_bytes": unseen})
    return pd.DataFrame(rows, columns=POINTS)


def unseen_sizes(curve: Curve, percent: float = UNSEEN_PERCENT) -> list[int]:
    """The sizes at which a bump of so many percent would not be found: the curve is measured again,
    so to speak, with one at each size in turn.

    Args:
        curve: of `reduce_blocks`; its own bumps are taken out first, and are not unseen.
    """
    own = {row["message_bytes"] for row in _of_curve(curve) if row["kind"] == "bump"}
    rest = curve.only([p for p in range(len(curve.size)) if int(curve.size[p]) not in own])
    unseen = []
    for place, size in enumerate(map(int, rest.size)):
        raised = rest.latency.copy()
        raised[place] *= 1 + percent / 100
        found = _of_curve(Curve(rest.size, raised, rest.error, rest.blocks))
        if not any(row["message_bytes"] == size and row["kind"] == "bump" for row in found):
            unseen.append(size)
    return unseen


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
    bumps: dict[int, dict[str, object]] = {}  # by place
    refused: set[tuple[int, ...]] = set()
    while True:
        places = [place for place in range(len(curve.size)) if place not in bumps]
        rest = curve.only(places)
        pieces = partition(
            rest,
            [tuple(map(places.index, run)) for run in refused if bumps.keys().isdisjoint(run)],
        )
        bumped = [piece for piece in pieces if piece.bump]
        for piece in bumped:
            found = _bump_rows(rest, piece)
            bumps |= {places[place]: row for place, row in found.items()}
            if not found:
                refused.add(tuple(places[place] for place in piece.bump))
        if not bumped:
            break
    rows = [bumps[place] for run in _runs(bumps) if len(run) <= MAX_RUN for place in run]
    for before, after in pairwise(pieces):
        jump, error = _jump(rest, before, after)
        if abs(jump) > rest.critical * error:
            rows.append(_row(rest, after.start, jump, error, "step"))
    return sorted(rows, key=lambda row: float(str(row["message_bytes"])))


def _runs(places: Collection[int]) -> list[list[int]]:
    """Places, those side by side together."""
    runs: list[list[int]] = []
    for place in sorted(places):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _bump_rows(curve: Curve, piece: Piece) -> dict[int, dict[str, object]]:
    """Rows, by place, of what is a bump indeed of the bump that a piece leaves out.

    It exceeds the piece's law and the line between its neighbours, each at the full level
    (R. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24,
    1982). The size after it must be back at the law. Where that is not sure, what looks like a bump
    may be the first size of a step up, whose latency bends down again a little. Then the latency
    must fall after it by half of what it rose; the excess is the least of the three then.
    """
    beside = [piece.first - 1, piece.last]
    peak = max(excess(curve, piece.law, place)[0] for place in piece.bump)
    before, after = (excess(curve, [p for p in piece.law if p != end], end) for end in beside)
    if before[0] > BACK * peak:
        return {}
    if piece.last + 1 < piece.stop:
        may_be_step = after[0] - min(before[0], 0) > NEXT * peak
    else:  # the law is extrapolated to the size after, from near or far; two sizes tell no slope
        may_be_step = after[0] + after[1] > peak or piece.first - piece.start < BUMPED_SIZES
    rows = {}
    for place in piece.bump:
        over = [excess(curve, law, place) for law in (piece.law, beside)]
        certain = all(log > curve.critical * error for log, error in over)
        if may_be_step:
            fall, error = _fall(curve, place, piece.last)
            rise, _ = _fall(curve, place, piece.first - 1)
            over.append((fall, error))
            certain = certain and fall > Z95 * error and fall > FALLEN * rise
        if certain:
            rows[place] = _row(curve, place, *(min(over) if may_be_step else over[0]), "bump")
    return rows


def _fall(curve: Curve, place: int, after: int) -> tuple[float, float]:
    """log(latency over that of another size), and its standard error."""
    log = np.log(curve.latency[place] / curve.latency[after])
    return float(log), float(np.hypot(curve.error[place], curve.error[after]))


def _jump(curve: Curve, before: Piece, after: Piece) -> tuple[float, float]:
    """log of how far the latency jumps between two pieces, and its standard error.

    By the law before extrapolated to the first size after, and by the law after extrapolated
    to the last size before; of the two, what is known better. 0 where they contradict each
    other in sign: there the slope changes, and nothing jumps. And 0 where the latency is said
    to jump down but does not fall: two laws that fit badly look so.
    """
    up, up_error = excess(curve, before.law, after.start)
    down, down_error = excess(curve, after.law, before.stop - 1)
    fall, fall_error = _fall(curve, before.stop - 1, after.start)
    if up * down >= 0 or (up < 0 and fall < curve.critical * fall_error):
        return 0.0, 1.0
    return (up, up_error) if up_error <= down_error else (-down, down_error)


def _row(curve: Curve, place: int, over: float, error: float, kind: str) -> dict[str, object]:
    percents = [100 * np.expm1(over + z * error) for z in (0.0, -Z95, Z95)]
    return {
        "message_bytes": int(curve.size[place]),
        **dict(zip(("excess_percent", "low", "high"), map(float, percents), strict=True)),
        "blocks": int(curve.blocks[place]),
        "kind": kind,
    }
