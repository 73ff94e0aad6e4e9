"""Comparisons for other programs."""

import json
from xml.etree import ElementTree

from vcperf.report import changes
from vcperf.report.changes import Outcome

VALUES = {"metric": "throughput_mbps", "mean_a": 100.0, "mean_b": 80.0, "unit": "Mbit/s"}
VALUES |= {"effect_percent": -20.0, "low_percent": -21.0, "high_percent": -19.0}


def outcome(cell, name=changes.WORSE, **values):
    return Outcome(cell, name, VALUES | values)


def test_junit_counts_failures_and_skipped_cells():
    text = changes.junit(
        [outcome("one"), outcome("two", changes.UNKNOWN), outcome("three", changes.SAME)], "a & b"
    )
    suite = ElementTree.fromstring(text)
    assert suite.attrib == {"name": "a & b", "tests": "3", "failures": "1", "skipped": "1"} | {
        "errors": "0"
    }
    assert [case.get("name") for case in suite] == ["one", "two", "three"]
    assert suite[0][0].get("message") == (
        "worse: 100 -> 80 Mbit/s, -20.0 % (95 % interval -21.0 to -19.0 %)"
    )


def test_names_from_outside_break_neither_xml_nor_markdown():
    nasty = 'a|b <b>"&\x01\n| x | `c` [d](e)'
    suite = ElementTree.fromstring(changes.junit([outcome(nasty)], nasty))
    assert "\\x01" in suite[0].get("name")
    rows = [
        line for line in changes.markdown([outcome(nasty)], "s", []).splitlines() if "a" in line
    ]
    assert len(rows) == 2 and "<b>" not in rows[1] and "](e" not in rows[1].replace("\\]", "")


def test_a_cell_without_an_interval_says_so_everywhere():
    found = outcome("one", changes.UNKNOWN, low_percent=None, high_percent=None)
    assert "(no interval)" in changes.junit([found], "x")
    assert "| none | too few blocks |" in changes.markdown([found], "x", [])
    assert json.loads(changes.as_json([found], 3, "x", []))["cells"][0]["low_percent"] is None


def test_markdown_counts_what_did_not_change_and_lists_notes():
    text = changes.markdown([outcome("one", changes.SAME)], "1 not worse", ["only in A: two"])
    assert text == "**1 not worse**\n\n- only in A: two\n"
