"""netperf: throughput, or transactions, of one path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vcperf.kinds import cpu_parts
from vcperf.kinds.card import Card, Claimable, Drawing, Options, Summary

TOOLS = dict.fromkeys(
    ("netperf", "netserver"), "netperf (Debian: non-free; `make setup` fetches it)"
)
# Of a block's transactions; in summaries, the mean of the blocks' own.
LATENCIES = ("p50_us", "p90_us", "p99_us", "max_us")
METRICS = (
    "throughput_mbps",
    "transactions_per_s",
    "sender_cpu_percent",
    "receiver_cpu_percent",
    "sender_domain_cpu_percent",
    "receiver_domain_cpu_percent",
    *LATENCIES,
    "streams_variation_percent",
    "load_mbps",
    *cpu_parts.PARTS,
    cpu_parts.COST,
)
# Those that tables of earlier versions lack.
NEW_METRICS = ("streams_variation_percent", "load_mbps", *cpu_parts.PARTS, cpu_parts.COST)
# A cell that names nothing else is one stream without a load.
USUAL = {"streams": "1", "load": "none"}
WORDS = {"streams": "{} streams", "load": "beside {}"}


def metric_of(labels: Mapping[str, Any]) -> str:
    """The metric that a test is about."""
    return "transactions_per_s" if str(labels["test"]).endswith("RR") else "throughput_mbps"


def _summaries(options: Options) -> Iterator[Summary]:
    estimates = ("bandwidth",) if "bandwidth" in options["kinds"] else ()
    if options["baseline"]:
        yield Summary(
            "overhead",
            "analysis.overhead:tables",
            ("netperf", *estimates),
            ("overhead",),
            ("baseline", "target_percent"),
        )
    yield Summary(
        "netperf_summary",
        "analysis.summary:tables",
        ("netperf", "plan", *estimates),
        ("netperf_summary",),
        ("target_percent",),
    )
    if options.get("meshes", {}).get("netperf"):
        yield Summary("mesh", "analysis.mesh:tables", ("netperf",), ("mesh",), ("meshes",))


def drawings(
    cells: Sequence[Any], options: Options, curves: str = "netperf_summary"
) -> Iterator[Drawing]:
    """The figures that a campaign describes, else one per path; and the baseline's.

    Args:
        cells: the campaign's, of netperf.
        options: of the campaign.
        curves: the table that they are drawn of.
    """
    described = options["figures"]
    meshes = options.get("meshes", {}).get("netperf", [])
    if described is None:
        apart = [cell for cell in cells if _mesh_of(cell, meshes) is None]
        described = _one_per_path(apart, options["baseline"])
    for name, figure in described.items():
        estimates = ("bandwidth",) if figure["bands"] and "bandwidth" in options["kinds"] else ()
        yield Drawing(name, "figures.curves:draw", (curves, *estimates), {"figure": figure})
    if any(cell.spec.get("percentiles") for cell in cells):
        yield Drawing("percentiles", "figures.percentiles:draw", (curves,))
    paid = [cell for cell in cells if _is_accounted(cell, options)]
    if paid:
        hosts = sorted({n["dom0"] for cell in paid for n in cell.spec["nodes"].values()})
        yield Drawing("payers", "figures.payers:draw", (curves,), {"hosts": hosts})
    for mesh in meshes:
        others = [
            m
            for m in meshes
            if m is not mesh
            and (m["test"], m["message_bytes"]) == (mesh["test"], mesh["message_bytes"])
        ]
        more = f"_{mesh['testbed']}_{mesh['pinning']}" if others else ""
        unusual = list(_unusual(mesh).values())
        tags = [words.replace(" ", "-").lower() for words in unusual]
        name = "_".join(["mesh", mesh["test"].lower(), str(mesh["message_bytes"]), *tags]) + more
        shown = {"mesh": mesh, "unusual": unusual}
        yield Drawing(name, "figures.mesh:draw", ("mesh",), shown)
    if options["baseline"]:
        yield Drawing("overhead", "figures.overhead:draw", ("overhead",))


def _is_accounted(cell: Any, options: Options) -> bool:
    """Whether a cell's blocks say who pays for its traffic (`cpu_parts.COST`)."""
    accounted: bool = cell.spec["testbed"] in options.get("accounts", ())
    usual = cell.labels.get("load", USUAL["load"]) == USUAL["load"]
    return accounted and usual and metric_of(cell.labels) == "throughput_mbps"


def _mesh_of(cell: Any, meshes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The mesh that a cell belongs to, if any."""
    labels = {"testbed": cell.spec["testbed"], **cell.labels}
    return next((mesh for mesh in meshes if mesh.items() <= labels.items()), None)


def _unusual(labels: Mapping[str, Any]) -> dict[str, str]:
    """What of a cell's streams and load is not as usual, in words."""
    return {
        column: WORDS[column].format(labels[column])
        for column, usual in USUAL.items()
        if str(labels[column]) != usual
    }


def _one_per_path(cells: Sequence[Any], baseline: str | None) -> dict[str, Any]:
    """Figures of a campaign that describes none: what each path carries, one curve per pinning;
    one figure per number of streams and load.

    Args:
        cells: the campaign's, of netperf.
        baseline: the testbed that the others are compared with, which has a figure already.
    """
    found: dict[str, Any] = {}
    testbeds = {cell.spec["testbed"] for cell in cells} - {baseline}
    for cell in cells:
        testbed, labels = cell.spec["testbed"], cell.labels
        if testbed == baseline:
            continue
        name = f"{labels['test'].lower()}_{labels['sender']}-to-{labels['receiver']}"
        title = f"{labels['test']} from {labels['sender']} to {labels['receiver']}"
        where = {"testbed": testbed, "test": labels["test"], "path": labels["path"]}
        for column, words in _unusual(labels).items():
            where[column] = str(labels[column])
            title += f", {words}"
            name += f"_{words.replace(' ', '-').lower()}"
        figure = found.setdefault(
            f"{name}_{testbed}" if len(testbeds) > 1 else name,
            {
                "title": title,
                "metrics": [metric_of(labels)],
                "where": where,
                "series": [],
                "bands": [],
            },
        )
        series = {"label": labels["pinning"], "where": {"pinning": labels["pinning"]}}
        if series not in figure["series"]:
            figure["series"].append(series)
    return found


CARD = Card(
    name="netperf",
    section="netperf",
    place=1,
    tables=("netperf",),
    labels=("pinning", "path", "sender", "receiver", "test", "message_bytes", *USUAL),
    metrics=METRICS,
    usual={**USUAL, **dict.fromkeys(NEW_METRICS, "")},
    words=WORDS,
    metric_of=metric_of,
    values={
        "test": ("TCP_STREAM", "TCP_RR", "TCP_CRR", "UDP_STREAM", "UDP_RR"),
        "load": ("none", "TCP_STREAM"),
    },
    claims=(
        Claimable(
            "netperf",
            "netperf",
            ("testbed", "pinning", "path", "sender", "receiver", "test", *USUAL),
            METRICS,
            ("bandwidth",),
        ),
    ),
    reach=("test",),
    tools=TOOLS,
    summaries=_summaries,
    drawings=drawings,
)
