"""Tables are written whole, with known columns."""

import pandas as pd
import pytest

from vcperf.errors import VcperfError
from vcperf.tables.write import write_table


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ({"troughput_mbps": [1.0]}, "column 'troughput_mbps': unknown"),
        ({"block": [1.5]}, "block: '1.5' is not a whole number"),
    ],
)
def test_what_the_vocabulary_lacks_is_not_written(tmp_path, found, fault):
    (tmp_path / "x.csv").write_text("as before")
    with pytest.raises(VcperfError) as refused:
        write_table(pd.DataFrame(found), tmp_path / "x.csv")
    assert str(refused.value).startswith(f"{tmp_path}/x.csv: {fault}")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as before"]


def test_a_write_that_is_cut_off_leaves_the_table_as_it_was(tmp_path, monkeypatch):
    def cut_off(table, handle, **_):
        handle.write("block\n1")
        raise KeyboardInterrupt

    (tmp_path / "x.csv").write_text("as before")
    monkeypatch.setattr(pd.DataFrame, "to_csv", cut_off)
    with pytest.raises(KeyboardInterrupt):
        write_table(pd.DataFrame({"block": [1]}), tmp_path / "x.csv")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as before"]
