"""Made-up results folders of finished campaigns."""

import pandas as pd

from vcperf.records import record
from vcperf.records.key import spec_key
from vcperf.tables import netperf, pingpong, plan


def finished(folder, blocks, name="netperf"):
    """A folder with one table; returns its path."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    columns = {"netperf": netperf.COLUMNS, "pingpong": pingpong.COLUMNS}[name]
    others = [column for column in columns if column not in blocks]
    blocks.assign(**dict.fromkeys(others)).to_csv(folder / f"tables/{name}.csv", index=False)
    return str(folder)


def whole(spec):
    """A record of a spec, with all that every record has."""
    return {
        "spec": spec,
        "host": {"host": "h", "kernel": "6.1", "platform": "here"},
        "commands": [],
        "before": _observation(spec, 1.0),
        "after": _observation(spec, 2.0),
        "disturbed": [],
    }


def _observation(spec, clock_s):
    idle = {"program_s": 0.0, "own_s": 0.0, "steal_s": 0.0}
    names = [domain for node in spec["nodes"].values() for domain in node["domains"]]
    domains = {domain: {"clock_s": clock_s, "cpu_s": 0.0} for domain in names}
    return {"domains": domains, "hosts": {"h": {"clock_s": clock_s, **idle}}}


def planned(folder, blocks, with_records=True, **spec):
    """A folder of netperf blocks with its plan, and with records of this spec."""
    path = finished(folder, blocks)
    nodes = {"node0": {"domains": {"vc00": [[0]]}}}
    content = {"kind": "netperf", "duration_s": 1, "nodes": nodes, **spec}
    rows = []
    for row in blocks.to_dict("records"):
        of_cell = {**content, "message_bytes": row["message_bytes"]}
        name = f"results/raw/netns/netperf/cell_{spec_key(of_cell)}/{row['block']}.json"
        labels = {column: row.get(column) for column in plan.COLUMNS}
        rows.append({**labels, "kind": "netperf", "record": name})
        if with_records:
            record.write(
                str(folder / name.removeprefix("results/")),
                whole({**of_cell, "block": row["block"]}),
            )
    pd.DataFrame(rows, columns=plan.COLUMNS).to_csv(folder / "tables/plan.csv", index=False)
    return path
