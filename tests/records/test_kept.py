"""Values that are kept are found for the same record and the same code, and for nothing else."""

import pytest

from vcperf.records.kept import Kept


@pytest.fixture
def code(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("1\n")
    return [str(file)]


@pytest.fixture
def path(tmp_path, code):
    """A file with one value: of the record `record`."""
    kept = Kept(str(tmp_path / "kept/values.jsonl"), code)
    kept.keep(kept.key(b"record", ["beside"]), {"number": 0.1, "none": None})
    kept.write()
    return tmp_path / "kept/values.jsonl"


def found(path, code, content=b"record", beside=("beside",)):
    kept = Kept(str(path), code)
    value = kept.value(kept.key(content, list(beside)))
    return "nothing" if value is None else value


def test_a_value_comes_back_as_it_was(path, code):
    assert found(path, code) == {"number": 0.1, "none": None}


def test_nothing_is_found_of_another_record_or_beside_another_thing(path, code):
    assert found(path, code, content=b"record2") == "nothing"
    assert found(path, code, beside=("beside", "more")) == "nothing"


def test_nothing_is_found_after_an_edit_of_the_code(path, code, tmp_path):
    (tmp_path / "code.py").write_text("2\n")
    assert found(path, code) == "nothing"


def test_a_file_that_is_damaged_anywhere_is_not_believed(path, code):
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert found(path, code) == "nothing", at
        path.write_bytes(whole[:at])
        assert found(path, code) == "nothing", at


def test_a_file_that_is_missing_costs_only_time(path, code):
    path.unlink()
    assert found(path, code) == "nothing"


def test_what_nobody_asked_for_again_is_dropped(path, code):
    kept = Kept(str(path), code)
    kept.keep(kept.key(b"other", []), 1)
    kept.write()
    assert found(path, code) == "nothing"
    assert found(path, code, b"other", ()) == 1


def test_a_disk_that_refuses_costs_only_time(tmp_path, code, capsys):
    (tmp_path / "file").touch()
    kept = Kept(str(tmp_path / "file/values.jsonl"), code)
    kept.keep("key", 1)
    kept.write()
    assert "cannot be written" in capsys.readouterr().err
