"""Where results are on disk."""

import pytest

from vcperf.basics import results
from vcperf.preparation import imported_modules


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.setenv(results.PREFIX, "")


def test_a_campaign_that_names_a_folder_has_its_results_there():
    assert results.on_disk("results/blocks.json") == "results/blocks.json"
    results.place("runs/monday")
    assert results.on_disk("results/blocks.json") == "runs/monday/results/blocks.json"


def test_one_that_names_none_leaves_those_of_a_module_where_they_are(monkeypatch):
    monkeypatch.setenv(results.PREFIX, "bench/")
    results.place(None)
    assert results.on_disk("results") == "bench/results"


@pytest.mark.parametrize(
    "folder", ["", "/tmp", "..", "a/../b", "a//b", "a b", "-rf", 7, ["a"], "a/"]
)
def test_what_is_no_folder_below_the_checkout_is_none(folder):
    assert results.prefix(folder) == ""


def test_modules_are_named_from_the_root_then(checkout_folder):
    (relative,) = {path.split("/")[0] for path in imported_modules.modules("make_table.py")}
    results.place("mine")
    assert relative == "scripts"
    assert all(path.startswith("/") for path in imported_modules.modules("make_table.py"))


@pytest.fixture
def checkout_folder(monkeypatch):
    monkeypatch.chdir(results.__file__.partition("/scripts/")[0])
