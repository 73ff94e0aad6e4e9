"""docs/reference/columns.md: every column of every table, as the vocabulary has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vcperf.errors import VcperfError
from vcperf.kinds import KIND_OF_TABLE, netperf
from vcperf.tables import columns
from vcperf.tables.columns import ENDS, MEDIANS
from vcperf.tables.meanings import MEANINGS, OF_METRIC, SUMMARIES

HEAD = """\
# Every column

Made from the code by `make reference`; a test holds it to the code. Do not edit it.

Tables are CSV files in `results/tables/`. An empty field is a missing value. A column has one
meaning in all tables that have it. Below, METRIC stands for each of {metrics}.

## Columns by table

`changes.csv` is written by `make compare`, into its own folder.

{tables}

## Meaning

| column | type | unit | meaning |
|---|---|---|---|
{rows}
"""


def page(tables: Mapping[str, Iterable[str]]) -> str:
    """The page, as Markdown.

    Args:
        tables: file name without ending -> its columns, in order.

    Raises VcperfError for a column that the vocabulary lacks, or one without a meaning.
    """
    return HEAD.format(
        metrics=", ".join(f"`{metric}`" for metric in netperf.METRICS),
        tables="\n\n".join(_of_table(name, list(its)) for name, its in sorted(tables.items())),
        rows="\n".join(_rows()),
    )


def _of_table(name: str, its: list[str]) -> str:
    kind = KIND_OF_TABLE.get(name)
    made_of = f"one or more rows per block of the kind {kind}: " if kind else ""
    shown = dict.fromkeys(_shown(column) for column in its)
    return f"**{name}.csv**: {made_of}" + ", ".join(f"`{column}`" for column in shown)


def _shown(column: str) -> str:
    """A column as the page names it: one of a metric's summary as METRIC_ENDING.

    >>> _shown("throughput_mbps_mean"), _shown("blocks")
    ('METRIC_mean', 'blocks')
    """
    if column in SUMMARIES:
        for end in (*MEDIANS, *ENDS):
            if column.endswith(f"_{end}") and column.removesuffix(f"_{end}") in netperf.METRICS:
                return f"METRIC_{end}"
    return column


def _rows() -> Iterable[str]:
    for name in sorted(columns.COLUMNS, key=str.lower):
        if name not in SUMMARIES:
            if name not in MEANINGS:
                raise VcperfError(
                    f"scripts/vcperf/tables/meanings.py: lacks {name}; say there what it means,"
                    " then `make reference`"
                )
            column = columns.of(name)
            yield _row(name, column.type, column.unit, MEANINGS[name])
    for end, meaning in OF_METRIC.items():
        yield _row(f"METRIC_{end}", columns.NUMBER, "that of METRIC", meaning)


def _row(name: str, type_: str, unit: str, meaning: str) -> str:
    article = type_.removeprefix("a ")
    return f"| `{name}` | {article} | {unit} | {meaning} |"
