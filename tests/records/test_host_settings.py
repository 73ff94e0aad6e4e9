"""Settings of hosts beside the records."""

import json

import pytest

from vcperf.errors import VcperfError
from vcperf.records import host_settings

SETTINGS = {"net.eth0.tso": "on", "cpu.governor": None}


def test_settings_are_kept_once_by_their_content(tmp_path):
    name = host_settings.write(str(tmp_path), SETTINGS)
    (file,) = (tmp_path / "host_settings").iterdir()
    before = file.stat().st_mtime_ns
    assert host_settings.write(str(tmp_path), dict(reversed(SETTINGS.items()))) == name
    assert file.name == f"{name}.json" and file.stat().st_mtime_ns == before
    assert host_settings.read(str(tmp_path), name) == SETTINGS
    assert host_settings.write(str(tmp_path), {**SETTINGS, "net.eth0.tso": "off"}) != name


def test_settings_that_were_deleted_are_not_known_and_damaged_ones_refused(tmp_path):
    assert host_settings.read(str(tmp_path), "0" * 12) == {}
    name = host_settings.write(str(tmp_path), SETTINGS)
    file = tmp_path / f"host_settings/{name}.json"
    whole = file.read_text()
    nested, other = 100_000 * "[", json.dumps({"format": 1, "settings": {"net.eth0.tso": 1}})
    for text in (
        whole[:-9],
        "[]",
        nested,
        other,
        json.dumps({"format": 1, "settings": {"net.eth0.tso": "off"}}),
    ):
        file.write_text(text)
        with pytest.raises(VcperfError, match=name):
            host_settings.read(str(tmp_path), name)
