"""A campaign as an RO-Crate: read by the library, held to its profiles by their validator."""

import csv
import json
import shutil
import zipfile
from importlib.resources import files

import pytest
from rocrate.rocrate import ROCrate
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

from vcperf.commands import crate as command
from vcperf.errors import VcperfError
from vcperf.report import crate
from vcperf.tables import columns


@pytest.fixture(scope="module")
def results(finished):
    return finished.folder / "results"


@pytest.fixture(scope="module")
def packed(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("crate") / "mine.zip"
    assert crate.write(results, path, author="A Laboratory") == 12
    return path


@pytest.fixture
def no_network(monkeypatch):
    """The terms of RO-Crate come from the library's own copy."""
    terms = (files("rocrate") / "data/ro-crate.jsonld").read_text()

    class Answer:
        status_code, text, ok, content = 200, terms, True, terms.encode()
        headers = {"Content-Type": "application/ld+json"}  # noqa: RUF012
        url = "https://w3id.org/ro/crate/1.1/context"

        def json(self):
            return json.loads(self.text)

        def raise_for_status(self):
            pass

    asked = []

    def get(self, url, *args, **kwargs):
        asked.append(url)
        return Answer()

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    return asked


@pytest.mark.parametrize("profile", ["ro-crate-1.1", "process-run-crate-0.5"])
def test_a_crate_is_as_its_profiles_say(packed, no_network, profile):
    settings = services.ValidationSettings(
        rocrate_uri=str(packed),
        profile_identifier=profile,
        requirement_severity=models.Severity.REQUIRED,
    )
    found = services.validate(settings)
    assert found.passed(), [issue.message for issue in found.get_issues()]
    assert set(no_network) == {"https://w3id.org/ro/crate/1.1/context"}


def test_a_validator_refuses_one_without_its_records(packed, no_network, tmp_path):
    with zipfile.ZipFile(packed) as whole:
        whole.extractall(tmp_path / "crate")
    shutil.rmtree(tmp_path / "crate/raw")
    settings = services.ValidationSettings(
        rocrate_uri=str(tmp_path / "crate"), profile_identifier="ro-crate-1.1"
    )
    assert not services.validate(settings).passed()


def test_it_holds_what_the_campaign_has_byte_for_byte(results, packed):
    with zipfile.ZipFile(packed) as whole:
        names = set(whole.namelist()) - {"ro-crate-metadata.json"}
        assert all(whole.read(name) == (results / name).read_bytes() for name in names)
    with (results / "tables/plan.csv").open(newline="") as handle:
        records = {row["record"].removeprefix("results/") for row in csv.DictReader(handle)}
    assert records < names and "provenance.json" in names and len(records) == 12
    assert {f"figures/{path.name}" for path in (results / "figures").iterdir()} < names


def test_what_a_column_means_is_in_it(packed):
    read = ROCrate(packed)
    table = read.get("tables/netperf.csv")
    throughput = read.get("#column-throughput_mbps")
    assert throughput in table["variableMeasured"]
    assert throughput["unitText"] == columns.of("throughput_mbps").unit == "Mbit/s"
    assert table["encodingFormat"] == "text/csv"


def test_it_names_when_by_whom_and_with_what_it_was_measured(results, packed):
    provenance = json.loads((results / "provenance.json").read_text())
    done = ROCrate(packed).get("#measuring")
    assert done["startTime"] == provenance["first_measured"]
    assert done["endTime"] == provenance["last_measured"]
    assert done["agent"]["name"] == "A Laboratory"
    assert done["instrument"]["softwareVersion"] in provenance["versions"]
    assert len([r for r in done["result"] if r.id.startswith("raw/")]) == 12


def test_records_that_the_plan_does_not_name_stay_out(results, packed, tmp_path):
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    (copy / "raw/netns/netperf/other").mkdir()
    (copy / "raw/netns/netperf/other/1.json").write_text("{}")
    assert crate.write(copy, tmp_path / "out.zip") == 12
    with zipfile.ZipFile(tmp_path / "out.zip") as whole:
        assert not [name for name in whole.namelist() if "other" in name]


def test_the_command_says_where_it_is(results, tmp_path, capsys):
    out = tmp_path / "new/mine.zip"
    url = "https://creativecommons.org/licenses/by/4.0/"
    assert command.main([str(results), "--out", str(out), "--license", url]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: 12 records")
    assert ROCrate(out).root_dataset["license"].id == url
    assert [path.name for path in out.parent.iterdir()] == ["mine.zip"]


@pytest.mark.parametrize("lacking", ["provenance.json", "tables/plan.csv"])
def test_a_campaign_that_is_not_finished_is_one_line(results, tmp_path, lacking):
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    (copy / lacking).unlink()
    with pytest.raises(VcperfError, match=r"no finished campaign .*; run `make figures` first"):
        crate.write(copy, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_place_that_cannot_be_written_is_one_line(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VcperfError, match="cannot be written"):
        crate.write(results, tmp_path / "file/out.zip")
