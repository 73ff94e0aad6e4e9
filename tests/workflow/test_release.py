"""A release is one number: the files that repeat it agree with the package."""

import re

import yaml
from helpers.checkout import ROOT

from vcperf import __version__
from vcperf.records import record

STABLE = (ROOT / "docs/stable.md").read_text()


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    (latest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert latest.rstrip(",") == __version__


def test_the_page_of_what_is_stable_names_the_formats():
    schema = yaml.safe_load((ROOT / "config/schemas/provenance.schema.yaml").read_text())
    formats = dict(re.findall(r"^\| `([^`]+)` \| (\d+) \|", STABLE, re.M))
    assert formats == {
        "results/raw/": str(record.FORMAT),
        "results/provenance.json": str(schema["properties"]["format"]["const"]),
    }


def test_forms_for_issues_are_forms():
    """Each names itself, and asks for something."""
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert forms
    for form in forms:
        content = yaml.safe_load(form.read_text())
        assert content["name"] and content["description"], form
        ids = [part["id"] for part in content["body"] if part["type"] != "markdown"]
        assert ids and len(ids) == len(set(ids)), form
