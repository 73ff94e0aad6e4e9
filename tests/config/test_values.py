"""Values that YAML reads as something else than they look like, and text that is none."""

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.claims import part, read
from helpers.config import DEFAULT
from helpers.figures import read as read_figures
from helpers.plans import plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.preparation import testbed_file

READ_AS = {
    "on for a text": ("figures: on", "figures: true is not text.*YAML reads yes, no, on and off"),
    "yes for a number": ("blocks: yes", "blocks: true is not a whole number.*YAML reads yes"),
    "no for a choice": (
        "profile: {test: no}",
        "profile.test: false is not one of .*YAML reads yes",
    ),
    "off for a name": ("pinnings: {off: {}}", "pinnings: the key false is not text.*YAML reads"),
    "a date for a text": ("figures: 2026-01-31", "figures: YAML reads this as a date; put it in"),
    "a set": ("netperf: {tests: !!set {a: 1}}", "tests: YAML reads this as set"),
    "bytes": ("figures: !!binary YQ==", "figures: YAML reads this as bytes"),
    "a number that is text": ("blocks: 1e1", "blocks: '1e1' is not a whole number"),
}


@pytest.mark.parametrize("name", READ_AS)
def test_a_value_that_yaml_reads_as_something_else_is_explained(name, tmp_path):
    text, fault = READ_AS[name]
    with pytest.raises(VcperfError, match=fault):
        plan_of(yaml.safe_load(text), tmp=tmp_path)


def test_a_number_too_long_to_print_is_refused():
    with pytest.raises(VcperfError, match=r"seed: a whole number with more than 63 bits"):
        plan_of({"seed": 10**9999})


def test_yes_and_no_are_booleans_where_one_is_meant(tmp_path):
    assert plan_of(yaml.safe_load("partial: yes"), tmp=tmp_path)


@pytest.mark.parametrize("odd", ["\0", "\x1b", "\t", "\r", "\x7f", "\x9b", "\u202e", "\ufffe"])
def test_a_control_character_in_a_campaign_is_refused(odd):
    for change, key in (
        ({"figures": f"a{odd}b"}, "--config: figures|config.yaml: figures"),
        ({"bandwidth": {"programs": {"pathload": {"sender": f"/a{odd}", "receiver": "/b"}}}}, "er"),
        ({"pinnings": {f"a{odd}": {}}}, "pinnings"),
    ):
        with pytest.raises(VcperfError, match=rf"({key}): .*control character U\+") as refused:
            plan_of(change)
        assert str(refused.value).isprintable()


@pytest.mark.parametrize("key", ["title", "label"])
def test_a_control_character_in_a_figure_is_refused(key, tmp_path):
    figures = files.read_yaml(ROOT / "config/figures.yaml")
    part_of = figures["figures"]["figure1"]
    (part_of if key == "title" else part_of["series"][0])[key] = "red \x1b[31m"
    (tmp_path / "f.yaml").write_text(yaml.safe_dump(figures))
    with pytest.raises(VcperfError, match=rf"figure1.*{key}: .* control character U\+001B; take"):
        read_figures(tmp_path / "f.yaml")


@pytest.mark.parametrize("key", ["states", "says"])
def test_a_control_character_in_a_claim_is_refused(key, tmp_path):
    claim = {"states": "x", "parts": [part()]}
    (claim if key == "states" else claim["parts"][0])[key] = "a\0b"
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"claims": {"mine": claim}}))
    with pytest.raises(VcperfError, match=rf"claims.mine.*{key}: .* control character U\+0000"):
        read(tmp_path / "c.yaml")


@pytest.mark.parametrize("key", ["xen_symbols", "emulator_monitor", "emulator_pid_file"])
def test_a_control_character_in_a_testbed_is_refused(key, tmp_path):
    content = files.read_yaml(ROOT / "lab/testbed.yaml")
    content["nodes"]["node0"][key] = "a\0b"
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError, match=rf"nodes.node0.{key}: .*character U\+0000"):
        testbed_file.read({**DEFAULT, "testbed": "xen", "testbed_file": str(path)})


@settings(deadline=None)
@given(text=st.text("abc $\\_^{}\n\u00e4\u03bc\u00a0", min_size=1, max_size=20))
def test_any_other_text_is_text(tmp_path_factory, text):
    series = [{"label": f"for {text}", "where": {}}]
    figure = {"title": text, "metrics": ["throughput_mbps"], "series": series}
    path = tmp_path_factory.getbasetemp() / "figures-with-text.yaml"
    path.write_text(yaml.safe_dump({"figures": {"mine": figure}}))
    assert read_figures(path)["mine"]["title"] == text


INFINITE, NAN = float("inf"), float("nan")
NOT_FINITE = [
    ("disturbed_percent", INFINITE),
    ("target_percent", NAN),
    ("converge.budget_minutes", INFINITE),
    ("netperf.warmup_s", NAN),
    ("netns.link_mbps", NAN),
    ("bandwidth.duration_s.pathload", -INFINITE),
    ("netperf.message_bytes[0]", NAN),
]


@pytest.mark.parametrize(("key", "value"), NOT_FINITE)
def test_a_number_without_end_is_refused(tmp_path, key, value):
    change = [value] if key.endswith("[0]") else value
    for name in reversed(key.removesuffix("[0]").split(".")):
        change = {name: change}
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    assert f"campaign.yaml: {key}: {value} is not a finite number" in str(refused.value)
