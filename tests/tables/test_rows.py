"""Rows of records that have not changed are not parsed again, and are what parsing gives."""

import json
import os
from pathlib import Path

import pytest
from helpers import damage

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import host_settings
from vcperf.records.kept import Kept
from vcperf.tables import host_settings as table_settings
from vcperf.tables import netperf, rows


class Campaign:
    """One record in a folder of its own, and the rows of its table."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.parsed = folder, []
        content = damage.sound("netperf")
        self.planned = damage.planned(content, folder)
        self.file = Path(self.planned["record"])
        self.file.parent.mkdir(exist_ok=True)
        self.write(content)

    def write(self, content: dict) -> None:
        self.content = content
        self.file.write_text(json.dumps(content))

    def rows(self) -> list[dict]:
        """The rows of the table; `parsed` grows by each record that was parsed for them."""
        rows._settings.cache_clear()
        kept = Kept(str(self.folder / "kept.jsonl"), [netperf.__file__])
        found = list(rows.of_records("netperf", [self.planned], 10.0, kept))
        kept.write()
        return found


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    campaign = Campaign(tmp_path)
    parse = netperf.rows

    def counted(planned, content, disturbed_percent):
        campaign.parsed.append(planned["record"])
        return parse(planned, content, disturbed_percent)

    monkeypatch.setattr(netperf, "rows", counted)
    return campaign


def test_a_record_that_has_not_changed_is_parsed_once(campaign):
    first = campaign.rows()
    assert campaign.rows() == first and len(first) == 1
    assert len(campaign.parsed) == 1


def test_a_record_that_changed_is_parsed_again_whatever_its_time_says(campaign):
    (first,) = campaign.rows()
    before = campaign.file.stat()
    text = json.dumps(campaign.content)
    campaign.write(json.loads(text.replace("THROUGHPUT=9", "THROUGHPUT=8")))
    os.utime(campaign.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert campaign.file.stat().st_size == before.st_size
    (second,) = campaign.rows()
    assert second["throughput_mbps"] == first["throughput_mbps"] - 100


def test_a_record_that_is_damaged_later_is_refused(campaign):
    campaign.rows()
    campaign.file.write_text(campaign.file.read_text()[:-9])
    with pytest.raises(VcperfError, match="not a whole record"):
        campaign.rows()


def test_another_label_gives_a_row_with_that_label(campaign):
    campaign.rows()
    campaign.planned["pinning"] = "renamed"
    assert campaign.rows()[0]["pinning"] == "renamed"


def test_another_limit_of_noise_gives_another_status(campaign):
    assert campaign.rows()[0]["status"] == "disturbed"
    kept = Kept(str(campaign.folder / "kept.jsonl"), [netperf.__file__])
    (row,) = rows.of_records("netperf", [campaign.planned], 1e6, kept)
    assert row["status"] == "ok"


def test_settings_of_a_host_that_come_to_be_known_are_in_the_row(campaign):
    settings = {"cpu.cores": "0-1", "cpu.nodes": "0-1"}
    name = host_settings.write(str(campaign.folder / "elsewhere"), settings)
    campaign.write({**campaign.content, "settings": {"node0": name}})
    assert campaign.rows()[0]["shared_cores"] is None
    host_settings.write(on_disk("results"), settings)
    table_settings._read.cache_clear()
    assert campaign.rows()[0]["shared_cores"] == "yes"
    assert len(campaign.parsed) == 2
