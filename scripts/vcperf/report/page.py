"""The report of a campaign: one HTML page that needs no other file and no network.

Everything that users and programs wrote is escaped: by jinja2 in the page, by JSON and base64 where
the page unpacks it, and by its script, which writes text and never HTML. A content security policy
lets no other script run, and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import itables
import jinja2
import pandas as pd
from markupsafe import Markup, escape

from vcperf.basics.files import write_whole
from vcperf.report import comparisons, contents, packed, ranking
from vcperf.report.contents import FLAME, Contents
from vcperf.report.findings import Findings, find

HERE = Path(__file__).parent
TEMPLATE, STYLE, FLAME_SCRIPT, SCRIPT = (
    HERE / name for name in ("page.html", "page.css", "flame.js", "page.js")
)
MOST_BYTES = 6_000_000  # of all figures, of all flame graphs and of all tables
MOST_PATHS = 8  # that are shown before a click
SYMBOLS = {
    "supported": "●",
    "agrees here": "✚",
    "contradicted": "✖",
    "differs here": "◆",
    "open": "■",
}


def write(folder: str, path: str) -> Findings:
    """Make the report of a results folder.

    Args:
        folder: as `make figures` left it.
        path: the page's file.

    Returns what it found. Raises VcperfError (see `vcperf.report.contents.read`).
    """
    of = contents.read(folder)
    findings = find(of.tables, of.target_percent, of.note)
    with write_whole(path) as handle:
        handle.write(render(of, findings, folder))
    return findings


def render(of: Contents, findings: Findings, folder: str = "results") -> str:
    """The page.

    Args:
        of: what it shows.
        findings: what it says.
        folder: where the whole tables and figures are, for readers of the page.
    """
    figures = {n: _image(svg) for n, svg in of.figures.items() if not n.startswith(FLAME)}
    flames = {n: packed.pack(svg) for n, svg in of.figures.items() if n.startswith(FLAME)}
    tables = {name: packed.packed_table(name, table) for name, table in of.tables.items()}
    shown = [
        packed.within(((name, len(text)) for name, text in them.items()), MOST_BYTES)
        for them in (figures, flames, {name: table.data for name, table in tables.items()})
    ]
    script = "\n".join(path.read_text(encoding="utf-8") for path in (FLAME_SCRIPT, SCRIPT))
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(HERE),
    )
    environment.filters |= {"with_code": with_code, "pretty": pretty}
    return environment.get_template(TEMPLATE.name).render(
        findings=findings,
        claims=list(_claims(of.tables)),
        baseline=list(comparisons.about_baseline(of.tables)),
        rankings=ranking.rankings(of.tables),
        most_paths=MOST_PATHS,
        others=[
            *comparisons.about_curves(of.tables),
            *comparisons.about_profiles(of.tables),
        ],
        figures={name: figures[name] for name in shown[0]},
        flames={name: flames[name] for name in shown[1]},
        tables=[tables[name] for name in shown[2]],
        left_out={
            "figures": [name for name in (*figures, *flames) if name not in shown[0] + shown[1]],
            "tables": [name for name in tables if name not in shown[2]],
        },
        provenance=of.provenance,
        folder=folder,
        symbols=SYMBOLS,
        script=script,
        style=STYLE.read_text(encoding="utf-8"),
        digest=_digest(f"\n{script}\n"),
        library=packed.pack(_of_itables("dt_bundle.js")),
        library_style=_of_itables("dt_bundle.css"),
    )


def with_code(sentence: str) -> Markup:
    """A sentence of the findings as HTML: escaped, with commands between backticks as code.

    >>> with_code("run `make <all>`")
    Markup('run <code>make &lt;all&gt;</code>')
    """
    parts = enumerate(re.split("`([^`]*)`", sentence))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if at % 2 else escape(part) for at, part in parts)


def pretty(value: Any) -> str:
    """A part of the provenance as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _claims(tables: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """Each claim with its verdict, and its parts with their numbers."""
    rows = tables.get("claims")
    if rows is None:
        return
    for name, parts in rows.groupby("claim", sort=False):
        first = parts.iloc[0]
        yield {
            "name": name,
            "verdict": first["verdict"],
            "states": first["states"],
            "parts": [
                {
                    "verdict": row["part_verdict"],
                    "says": row["says"],
                    "effect": comparisons.effect(row),
                    "missing": row["missing"] if isinstance(row["missing"], str) else "",
                    "why": row["why"] if isinstance(row["why"], str) else "",
                }
                for row in parts.to_dict("records")
            ],
        }


def _image(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _digest(script: str) -> str:
    """What the content security policy knows the page's own script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _of_itables(name: str) -> str:
    """DataTables with its style, as itables bundles it."""
    return resources.files(itables).joinpath("html", name).read_text(encoding="utf-8")
