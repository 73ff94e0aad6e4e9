"""What every table of blocks has."""

import json

import pandas as pd
import pytest

from vcperf.tables import common


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
    from vcperf.errors import VcperfError
    from vcperf.tables import common

    plan = pd.read_csv(finished.folder / "results/tables/plan.csv", dtype=str)
    row = plan.to_dict("records")[0]
    content = json.loads((finished.folder / row["record"]).read_text())
    stale = tmp_path / row["record"]
    stale.parent.mkdir(parents=True)
    content["spec"]["duration_s"] = 2
    stale.write_text(json.dumps(content))
    with pytest.raises(VcperfError, match="spec is not this campaign's"):
        common.read({**row, "record": str(stale)})
