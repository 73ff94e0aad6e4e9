"""Claims files: those that are refused, the thesis's, and a user's own."""

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.claims import part, read, two
from helpers.config import DEFAULT, DEFAULT_FILE

from vcperf import kinds
from vcperf.analysis import claims
from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.tables.read import read_tables


def test_the_ten_claims_of_the_thesis_are_there():
    found = read(ROOT / "config/claims.yaml")
    assert list(found) == [f"claim{number}" for number in range(1, 11)]
    rows = claims.judge(found, {"netperf": two(400, 700)})
    told = dict(zip(rows["claim"], rows["verdict"], strict=True))
    assert told.pop("claim1") == "agrees here" and set(told.values()) == {"open"}


def test_the_numbers_of_the_thesis_are_those_that_it_printed():
    """As printed: 700 and 400 Mb/s, 350 of 700, 350 of 400; samples and shares at A and B."""
    found = read(ROOT / "config/claims.yaml")
    for name, index, of, against in [
        ("claim1", 0, 400, 700),
        ("claim4", 0, 350, 700),
        ("claim5", 0, 350, 400),
        ("claim8", 1, 52.6085 + 32.2836 + 5.7801, 80),
        ("claim10", 0, 56.17, 57.26),
        ("claim10", 1, 33.17, 27.93),
        ("claim10", 2, 1e6, 77830),
    ]:
        given = found[name]["parts"][index]["thesis_percent"]
        assert given == pytest.approx(100 * (of / against - 1), abs=0.06), name


PINGPONG = {"table": "pingpong", "metric": "latency_us", "where": {}, "against": 5}
PROFILE = {"table": "profile", "metric": "percent", "where": {}, "against": 5}
BAD = {
    "a key": ({"expects": "lower"}, "claims.mine.parts[0].expects: unknown key", "'expect'"),
    "a column": ({"of": {"pining": "config2"}}, "parts[0].of.pining: the table", "'pinning'"),
    "a pinning": ({"of": {"pinning": "confg2"}}, "unknown pinning 'confg2'", "'config2'"),
    "a domain": ({"where": {"path": "vc00->c101"}}, "unknown domain 'c101'", "known: c000"),
    "a path": ({"where": {"path": "vc00"}}, "parts[0].where.path: 'vc00'", "SENDER->RECEIVER"),
    "a test": ({"where": {"test": "TCP_STREEM"}}, "unknown test 'TCP_STREEM'", "TCP_STREAM"),
    "a metric": ({"metric": "throughput"}, "parts[0].metric: the table", "throughput_mbps"),
    "a table": ({"table": "netprf"}, "parts[0].table: unknown table 'netprf'", "'netperf'"),
    "an expectation": ({"expect": "less"}, "parts[0].expect", "is not one of"),
    "no comparison": ({"against": None}, "parts[0]: nothing to compare with", "against"),
    "two of one": ({"quantity": "swing"}, "parts[0].against: swing is about one curve", ""),
    "a stack": ({**PINGPONG, "of": {"stack": "mpixh"}}, "unknown stack 'mpixh'", "'mpich'"),
    "a load": ({**PINGPONG, "of": {"load": "epp"}}, "unknown load 'epp'", "'ep'"),
    "a program": ({**PINGPONG, "of": {"program": "pinpong"}}, "unknown program", "'pingpong'"),
    "a point": ({**PROFILE, "of": {"point": "C"}}, "unknown point 'C'", "known: A, B"),
    "a profiled domain": ({**PROFILE, "of": {"domain": "c0000"}}, "unknown domain", "'c000'"),
    "an app": ({**PROFILE, "of": {"app": ["ep", "netprf"]}}, "unknown app 'netprf'", "'netperf'"),
    "a symbol": ({**PROFILE, "of": {"symbol": "memcpy"}}, "has no column 'symbol'", "image"),
    "itself": (
        {"against": {"pinning": "config2"}},
        "against: 'against' selects the same rows as 'of'",
        "",
    ),
    "itself by a blank": (
        {"against": {"path": "vc00 -> c010"}},
        "against: 'against' selects the same rows as 'of'",
        "",
    ),
    "its own metric": (
        {"against": None, "against_metric": "throughput_mbps"},
        "against_metric: 'against_metric' is 'metric'",
        "",
    ),
    "a number's metric": (
        {"against": 5, "against_metric": "sender_cpu_percent"},
        "against_metric: 'against' is a number",
        "",
    ),
    "equal to what": ({"expect": "equal"}, "margin_percent: equal needs a margin", ""),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_claim_is_refused_in_one_line(fault, tmp_path):
    change, *words = BAD[fault]
    path = tmp_path / "claims.yaml"
    content = {"claims": {"mine": {"states": "x", "parts": [part(**change)]}}}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError) as refused:
        read(path)
    for word in (str(path), *words):
        assert word in str(refused.value), str(refused.value)


def test_a_pinning_that_the_campaign_leaves_out_is_no_mistake(tmp_path):
    campaign = files.merge(DEFAULT, {"pinnings": {"config3": None}})
    assert read(ROOT / "config/claims.yaml", campaign)


def test_the_readme_has_every_key_and_column_and_its_example_is_valid(tmp_path):
    text = (ROOT / "config/README.md").read_text()
    told = text[text.index("## Claims") :]
    schema = files.read_yaml(ROOT / "config/schemas/claims.schema.yaml")
    keys = schema["properties"]["claims"]["additionalProperties"]["properties"]["parts"]
    words = [*keys["items"]["properties"], *kinds.CLAIMABLE]
    words += [column for table in kinds.CLAIMABLE.values() for column in table.selectors]
    for word in words:
        assert f"`{word}`" in told or f"`{word}:" in told, word
    (tmp_path / "mine.yaml").write_text(told.split("```yaml\n")[1].split("```")[0])
    (part,) = read(tmp_path / "mine.yaml")["mine"]["parts"]
    assert part["where"] == {"test": "TCP_STREAM", "path": "vc00->c010"}


def test_a_users_own_claims_file_is_judged(tmp_path, prepare):
    """From the key `claims` of a campaign to the verdict; a path may have blanks."""
    path = tmp_path / "mine.yaml"
    mine = part(where={"path": "vc00 -> c010", "testbed": "netns"}, margin_percent=25)
    path.write_text(yaml.safe_dump({"claims": {"mine": {"states": "my own", "parts": [mine]}}}))
    ready = prepare(files.merge(DEFAULT, {"claims": str(path)}), [DEFAULT_FILE])
    two(400, 700).to_csv(tmp_path / "netperf.csv", index=False)
    tables = read_tables([tmp_path / "netperf.csv"])
    (row,) = claims.tables(tables, ready.claims)["claims"].to_dict("records")
    assert (row["claim"], row["states"], row["verdict"]) == ("mine", "my own", "supported")


def test_a_program_that_no_campaign_starts_is_accepted(tmp_path):
    path = tmp_path / "claims.yaml"
    mine = part(**{**PROFILE, "of": {"app": "sge_execd"}})
    path.write_text(yaml.safe_dump({"claims": {"mine": {"states": "x", "parts": [mine]}}}))
    assert read(path)["mine"]["parts"][0]["of"] == {"app": "sge_execd"}
