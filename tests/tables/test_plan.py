"""The plan as a table keeps each label as its kind writes it."""

import csv

from helpers.plans import plan_of

from vcperf.tables import plan


def test_labels_of_one_kind_are_whole_numbers_though_other_kinds_lack_them(tmp_path):
    plan.write(plan_of({}), tmp_path / "plan.csv")
    with (tmp_path / "plan.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    found = {(row["kind"], row["streams"], row["message_bytes"].isdigit()) for row in rows}
    assert ("netperf", "1", True) in found and ("pingpong", "", False) in found
    assert {streams for _, streams, _ in found} == {"1", ""}
