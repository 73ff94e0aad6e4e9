"""What every table of blocks has."""

import json

import pandas as pd
import pytest
from helpers.renaming import renamed
from helpers.results_folders import whole

from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.records.key import nameless_key
from vcperf.records.names import places
from vcperf.tables import common, profile, profile_nodes, profile_stacks


def test_a_block_tells_all_its_waits_and_old_records_none(finished):
    content = finished.read_records()[0]
    planned = {"shared_cpus": "no", "record": "r.json"}
    rows = []
    for waits in ((0.5, 0.25), (None, None)):
        attempt, other = json.loads(json.dumps(content)), {}
        for target, waited in zip((attempt, other), waits, strict=True):
            target.pop("waited_s", None)
            target.update({"waited_s": waited} if waited else {})
        rows.append(common.conditions(planned, attempt | {"disturbed": [other]}, 0.0, 10))
    assert [row["waited_s"] for row in rows] == [0.75, 0.0]
    assert rows[0]["attempts"] == 2


def test_a_record_of_another_spec_is_refused(finished, tmp_path):
    plan = pd.read_csv(finished.folder / "results/tables/plan.csv", dtype=str)
    row = plan.to_dict("records")[0]
    content = json.loads((finished.folder / row["record"]).read_text())
    stale = tmp_path / row["record"]
    stale.parent.mkdir(parents=True)
    content["spec"]["duration_s"] = 2
    stale.write_text(json.dumps(content))
    with pytest.raises(VcperfError, match="spec is not this campaign's"):
        common.read({**row, "record": str(stale)})


def test_a_record_of_other_names_has_those_of_the_plan_in_the_tables(tmp_path):
    old = {"kind": "profile", "block": 1, "sender": "c0", "receiver": "d0"}
    old["nodes"] = {"n0": {"dom0": "d0", "domains": {"c0": [[1]], "c1": [[0]], "d0": [[0]]}}}
    new = renamed(old, {"c0": "zz", "c1": "c0", "n0": "node"})
    counted = {"samples": 4, "idle": 1, "seconds": 1.0, "hypervisor": {}, "domains": {"c0": 3}}
    profiled = {"columns": ["domain", "image", "samples"], "rows": [["c0", "a", 2], ["c1", "b", 1]]}
    profiled |= {"folded": "c0;app;f 2\nc1;app;g 1\n", "folded_left_out": 0}
    profiled["nodes"] = {"n0": counted}
    path = tmp_path / "1.json"
    profiled |= {"event": "cycles", "event_asked": "cycles", "sample_ns": 1.0, "idle": 1, "lost": 0}
    record.write(str(path), {**whole(old), "profile": profiled})
    planned = {"record": str(path), "block": "1", "key": nameless_key(new)}
    planned["places"] = " ".join(places(new))
    content = common.read(planned)
    named = {row["domain"]: row["image"] for row in profile.rows(planned, content, 0)}
    assert named == {"zz": "a", "c0": "b"}
    stacks = [row["call_stack"] for row in profile_stacks.rows(planned, content, 0)]
    assert stacks == ["zz;app;f", "c0;app;g"]
    of_nodes = profile_nodes.rows(planned, content, 0)
    assert {row["node"] for row in of_nodes} == {"node"}
    assert {(r["domain"], r["image"]) for r in of_nodes} >= {("zz", "all"), ("zz", "a")}
    with pytest.raises(VcperfError, match="spec is not this campaign's"):
        common.read({**planned, "key": nameless_key({**new, "sender": "c0"})})


def test_settings_are_of_the_places_of_the_plan(finished):
    content = finished.read_records()[0]
    called = {place: place.replace("node0", "first") for place in content["settings"]}
    planned = {"shared_cpus": "no", "record": "r.json"}
    before = common.conditions(planned, content, 0.0, 10)
    after = common.conditions(planned, {**content, "called": called}, 0.0, 10)
    assert after["settings"] == before["settings"].replace("node0", "first") != before["settings"]
    assert after["shared_cores"] == before["shared_cores"]
