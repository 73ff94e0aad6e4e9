"""Tables and figures of an earlier campaign do not stay beside those of the next."""

import pytest

from vcperf.preparation import stale_outputs


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two tables and three figures, one a flame graph, of an earlier campaign."""
    monkeypatch.chdir(tmp_path)
    for name in ("netperf", "claims"):
        write(tmp_path / f"results/tables/{name}.csv", "testbed,block\nnetns,1\n")
        write(tmp_path / f"results/tables/{name}.parquet")
    for folder in ("plots", "figures"):
        for name in ("figure2.svg", "figure2.png", "mine.svg", "mine.png", "flame_a.svg"):
            write(tmp_path / "results" / folder / name)
        write(tmp_path / "results" / folder / "flame_a.folded")
    write(tmp_path / "results/raw/record.json")
    return tmp_path / "results"


def write(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_the_campaign_does_not_make_goes_but_not_its_records(results):
    line = stale_outputs.remove(["netperf"], ["mine"])
    assert files(results) == {
        "tables/netperf.csv",
        "tables/netperf.parquet",
        *(
            f"{folder}/mine.{ending}"
            for folder in ("plots", "figures")
            for ending in ("svg", "png")
        ),
        "raw/record.json",
    }
    assert "(claims, figure2, flame_a); its records stay" in line and "\n" not in line


def test_nothing_is_said_when_nothing_goes(results):
    before = files(results)
    assert stale_outputs.remove(["netperf", "claims"], ["mine", "figure2", "flame_a"]) == ""
    assert files(results) == before


def test_a_users_own_files_stay(results):
    own = {"tables/notes.csv": "who,what\n", "tables/empty.csv": "", "plots/drawn.svg": "x"}
    for name, text in own.items():
        write(results / name, text)
    (results / "tables/bytes.csv").write_bytes(b"\xff\xfe")
    stale_outputs.remove([], [])
    assert files(results) == {*own, "tables/bytes.csv", "raw/record.json"}


def test_many_names_are_few_words(results):
    for number in range(9):
        write(results / f"tables/t{number}.csv", "block\n")
    assert "claims, t0, t1, t2 and 6 more" in stale_outputs.remove(
        ["netperf"], ["mine", "figure2", "flame_a"]
    )


def test_a_folder_without_results_has_nothing_to_remove(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert stale_outputs.remove([], []) == ""
