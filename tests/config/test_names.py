"""Names that figures and claims select rows by."""

import yaml
from helpers.config import DEFAULT

from vcperf import testbeds
from vcperf.config.names import Names


def fault(column, value, campaign=DEFAULT, key="figures", path="config/figures.yaml"):
    return Names(campaign, testbeds.NAMES, key, path).fault(column, value)


def test_a_name_that_nothing_defines_is_a_fault_with_a_hint():
    assert fault("pinning", "config4") == "unknown pinning 'config4', did you mean 'config3'?"
    assert "did you mean 'netns'" in fault("testbed", "netnss")
    assert "unknown domain 'c999'" in fault("path", "vc00 -> c999")
    assert "is not SENDER->RECEIVER" in fault("path", "vc00")
    assert "unknown test" in fault("test", "TCP_STREEM")


def test_any_text_is_accepted_where_no_configuration_decides():
    assert fault("image", "whatever") == ""


def test_a_name_of_the_default_is_known_to_every_campaign():
    assert fault("pinning", "config3", {"pinnings": {"mine": {}}}) == ""
    assert fault("pinning", "mine", {"pinnings": {"mine": None}}) == ""


def test_a_name_of_another_campaign_with_the_same_file_is_known(tmp_path):
    path = tmp_path / "mine.yaml"
    other = {"figures": "mine.yaml", "pinnings": {"spread": {}}}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(other))
    (tmp_path / "damaged.yaml").write_text("[")
    assert fault("pinning", "spread", path=str(path)) == ""
    assert fault("pinning", "spread", path=str(tmp_path / "yours.yaml")) != ""
    assert fault("pinning", "spread", key="claims", path=str(path)) != ""
