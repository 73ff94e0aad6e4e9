"""A campaign that could not measure all ends with how much is missing, and why."""

from pathlib import Path

from helpers.plans import plan_of

from vcperf.preparation import missing_blocks


def said(block, text: str) -> None:
    cell = block.cell
    folder = Path(f"results/logs/{cell.kind}/{cell.spec['testbed']}/{cell.name}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{block.number}.log").write_text(text)


def test_reasons_are_counted_the_most_frequent_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = plan_of({}).blocks[:8]
    Path(blocks[0].record).parent.mkdir(parents=True)
    Path(blocks[0].record).touch()
    said(blocks[0], "disturbed: but measured\n")
    said(blocks[1], "waited 2.0 s for quiet\nvc00: no netperf\n")
    for block in blocks[2:5]:
        said(block, "c000: cannot be reached by ssh\n")
    said(blocks[5], "")  # interrupted
    told = missing_blocks.report(blocks, 0).splitlines()
    assert told[0] == "7 of 8 blocks are missing"
    assert told[1:3] == ["  3: c000: cannot be reached by ssh", "  1: vc00: no netperf"]
    assert len(told) == 4 and "PARTIAL=1" in told[3]


def test_logs_of_an_earlier_run_say_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = plan_of({}).blocks[:1]
    said(block, "c000: cannot be reached by ssh\n")
    later = Path(tmp_path / "results/logs").stat().st_mtime + 3600
    assert "cannot" in missing_blocks.report([block], 0)
    assert "cannot" not in missing_blocks.report([block], later)


def test_where_nothing_is_missing_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert missing_blocks.report([], 0) == ""
