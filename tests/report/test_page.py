"""The page of the report: whole, and everything in it escaped."""

import base64
import gzip
import html
import json
import re

import pytest
from helpers.report_folders import SVG, blocks_of, tables_of, written
from markupsafe import escape

from vcperf.report import page
from vcperf.report.contents import Contents
from vcperf.report.findings import find

HOSTILE = "<script>alert(1)</script>\"'&"


def rendered(tables, **contents):
    return page.render(Contents(tables, **contents), find(tables))


@pytest.fixture(scope="module")
def tables():
    return tables_of(blocks_of(["a->b"], [1, 2], 5, testbeds=("netns", "native")))


def test_the_page_says_what_was_found(tables):
    said = html.unescape(rendered(tables))
    findings = find(tables)
    for line in (*findings.measured, findings.verdicts[0], findings.differences[0]):
        assert line in said
    for line in findings.doubts:
        assert line in said
    assert "wide against close" in said and "<b>mine</b>" in said
    assert "<code>make converge</code>" in said


def test_names_of_users_and_programs_are_escaped():
    hostile = tables_of(blocks_of([f"{HOSTILE}->b"], [1, 2], 5, host=HOSTILE), says=HOSTILE)
    text = rendered(hostile, provenance={"hosts": [{HOSTILE: HOSTILE}], "config": {"x": HOSTILE}})
    assert "<script>alert" not in text
    assert text.count("<script") == 1 and str(escape(HOSTILE)) in text


def test_only_its_own_script_may_run_and_nothing_is_fetched(tables):
    text = rendered(tables, figures={"curve": SVG})
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    script = text.split('<script type="module">')[1].split("</script>")[0]
    assert page._digest(script) in policy
    without = re.sub(r"data:[^\"]*|http://www.w3.org/\S*", "", text)
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", without)


def test_figures_and_flame_graphs_are_in_the_page(tables):
    text = rendered(tables, figures={"curve": SVG, "flame_x": "<svg/>"})
    image = re.search(r'img src="data:image/svg\+xml;base64,([^"]*)"', text).group(1)
    assert base64.b64decode(image).decode() == SVG
    flame = re.search(r'data-svg="([^"]*)"', text).group(1)
    assert gzip.decompress(base64.b64decode(flame)).decode() == "<svg/>"


def test_figures_and_tables_that_do_not_fit_are_named(tables, monkeypatch):
    monkeypatch.setattr(page, "MOST_BYTES", 700)
    text = rendered(tables, figures={"large": SVG * 10, "small": SVG})
    assert "Too large for this page, in results/figures/: large." in text
    assert "Too large for this page, in results/tables/: " in text


def test_a_table_that_is_cut_says_where_the_whole_is(tables, monkeypatch):
    monkeypatch.setattr(page.packed, "MOST_ROWS", 3)
    text = rendered(tables)
    assert "The first 3 of 40 rows; the whole table is results/tables/netperf.csv." in text


def test_columns_are_named_with_their_units(tables):
    text = rendered(tables)
    found = [json.loads(html.unescape(c)) for c in re.findall(r'data-columns="([^"]*)"', text)]
    columns = {column[0]: column[1:] for columns in found for column in columns}
    assert columns["throughput_mbps"][0] == "Mbit/s" and "payload" in columns["throughput_mbps"][1]


def test_a_campaign_without_claims_figures_or_provenance_has_no_such_sections():
    blocks = blocks_of(["a->b"], [1], 5)
    tables = {"netperf": tables_of(blocks)["netperf"]}
    text = rendered(tables)
    for section in ("verdicts", "figures", "flames", "provenance"):
        assert f'id="{section}"' not in text and f'href="#{section}"' not in text
    assert "This campaign compares no pinnings of one path." in text


def test_ten_thousand_blocks_are_at_most_15_megabytes(tables):
    """Of a hundred cells: what a page has of them depends on rows, not on cells."""
    many = tables_of(blocks_of([f"c{n}->d" for n in range(10)], [1, 2, 3, 4, 5], 100))
    assert len(many["netperf"]) == 10_000
    figures = {f"figure{n}": SVG.replace("a figure", "x" * 400_000) for n in range(60)}
    assert len(rendered(many, figures=figures)) < 15_000_000


def test_a_report_is_written_whole(tmp_path, tables):
    folder = written(tmp_path, tables)
    page.write(folder, f"{folder}/report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")
    assert f"{folder}/tables/" in text


def test_the_workflow_writes_it_beside_the_figures(finished):
    text = (finished.folder / "results/report.html").read_text(encoding="utf-8")
    assert 'id="figure-pair"' in text and 'id="table-netperf"' in text
    planned = finished.snakemake("-n", "results/figures/", "results/report.html")
    assert "Nothing to be done" in planned.stdout + planned.stderr
