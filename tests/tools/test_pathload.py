"""The filters of pathload and pathrate, on our own output and on the real tools'."""

import json
import subprocess
import sys

import pytest

from vcperf.tools import pathload, pathrate
from vcperf.tools.filter import Untrusted

LOAD = {"method": "pathload", "kind": "range", "low_mbps": 38.1, "high_mbps": 41.5}
LOAD |= {"elapsed_s": 9.5, "grey_low_mbps": 39.0, "grey_high_mbps": 40.0, "fleets": []}
RATE = {"method": "pathrate", "kind": "capacity", "low_mbps": 97.0, "high_mbps": 98.0}
RATE |= {"elapsed_s": 3.25, "bucket_bytes": 65536}


def test_filters_print_csv():
    for module, record, wanted in (
        ("pathload", LOAD, "pathload,38.1,41.5,range,9.5,39.0,40.0,"),
        ("pathrate", RATE, "pathrate,97.0,98.0,capacity,3.25,65536"),
    ):
        argv = [sys.executable, "-m", f"vcperf.tools.{module}"]
        text = json.dumps(record) + "\n"
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, check=False, cwd="scripts"
        )
        assert done.stdout.splitlines()[1] == wanted, done.stderr


def test_an_estimate_that_tells_nothing():
    nothing = {"kind": "inconclusive", "low_mbps": None, "high_mbps": None}
    (row,) = pathload.parse(json.dumps({**LOAD, **nothing}))
    assert {key: row[key] for key in nothing} == nothing


@pytest.mark.parametrize(("parse", "record"), [(pathload.parse, LOAD), (pathrate.parse, RATE)])
def test_an_estimate_within_a_bucket_has_its_size_and_no_rate(parse, record):
    nothing = {"kind": "within_bucket", "low_mbps": None, "high_mbps": None, "mbps": None}
    nothing |= {"bucket_bytes": 4_000_000}
    (row,) = parse(json.dumps({**record, **nothing}))
    assert (row["low_mbps"], row["high_mbps"], row["bucket_bytes"]) == (None, None, 4_000_000)
    for damage in ({"bucket_bytes": None}, {"low_mbps": 5.0}, {"high_mbps": 5.0}):
        with pytest.raises(Untrusted):
            parse(json.dumps({**record, **nothing, **damage}))


@pytest.mark.parametrize("size", [0, -1, 1.5, "64k", True, [65536]])
def test_the_size_of_a_bucket_is_a_whole_number_above_0(size):
    with pytest.raises(Untrusted, match="bucket_bytes"):
        pathload.parse(json.dumps({**LOAD, "bucket_bytes": size}))


def test_records_of_before_buckets_were_looked_for_have_none():
    (row,) = pathload.parse(json.dumps(LOAD))
    assert row["bucket_bytes"] is None


def test_real_pathload():
    text = "  Available bandwidth range : 38.12 - 41.50 (Mbps)\nMeasurement duration : 9.87 sec \n"
    (row,) = pathload.parse(text)
    assert (row["low_mbps"], row["high_mbps"], row["elapsed_s"]) == (38.12, 41.5, 9.87)
    (row,) = pathload.parse("Available bandwidth is at least 93.10 (Mbps)\n")
    assert (row["kind"], row["low_mbps"], row["high_mbps"]) == ("lower_bound", 93.1, None)


def test_real_pathrate():
    (row,) = pathrate.parse("Final capacity estimate : 97 Mbps to 98 Mbps\n")
    assert (row["kind"], row["low_mbps"], row["high_mbps"]) == ("capacity", 97, 98)
    bound = "--> The following estimate is a lower bound for the path capacity.\n"
    (row,) = pathrate.parse(bound + "Final capacity estimate : 970.5 kbps to 1.2 Mbps\n")
    assert (row["kind"], row["low_mbps"], row["high_mbps"]) == ("lower_bound", 0.9705, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        json.dumps(LOAD)[:-2],
        json.dumps(LOAD) * 2,
        json.dumps({**LOAD, "low_mbps": 50}),
        json.dumps({**LOAD, "low_mbps": None}),
        json.dumps({**LOAD, "high_mbps": float("nan")}),
        json.dumps({**LOAD, "elapsed_s": True}),
        json.dumps({**LOAD, "kind": "guess"}),
        json.dumps({**LOAD, "kind": "lower_bound"}),
        json.dumps({**LOAD, "kind": "inconclusive"}),
        json.dumps({**LOAD, "grey_low_mbps": 40.5}),
        json.dumps({**LOAD, "grey_low_mbps": None}),
        json.dumps({**LOAD, "grey_low_mbps": float("inf")}),
        json.dumps({**LOAD, "fleets": float("nan")}),
        json.dumps({**LOAD, "bytes_sent": 10**6, "probing_mbps": 4.0}),
        json.dumps(LOAD)[:-1] + ', "low_mbps": 38.2}',
        json.dumps(RATE),
        "Available bandwidth range : 38.12 - 41.50 (Mbps)",
        "Available bandwidth range : 38.12 - 11.50 (Mbps)\n",
        "Available bandwidth is at least 0.00 (Mbps)\n",
        "Available bandwidth is at least 1.00 (Mbps)\n" * 2,
        "Available bandwidth is at most 1.00 (Mbps)\nMeasurement duration : 1.00 sec\n"
        "Measurement duration : 2.00 sec\n",
    ],
)
def test_pathload_trusts_no_doubtful_output(text):
    with pytest.raises(Untrusted):
        pathload.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LOAD),
        json.dumps({**RATE, "high_mbps": 1}),
        json.dumps({**RATE, "mbps": 96.5}),
        json.dumps({**RATE, "kind": "lower_bound", "high_mbps": None, "mbps": 96.5}),
        "Final capacity estimate : 97 Mbps\n",
        "Final capacity estimate : 98 Mbps to 97 Mbps\n",
        "Final capacity estimate : 0 Mbps to 97 Mbps\n",
        "Final capacity estimate : 97 Mbps to 98 Mbps",
    ],
)
def test_pathrate_trusts_no_doubtful_output(text):
    with pytest.raises(Untrusted):
        pathrate.parse(text)


@pytest.mark.parametrize(("parse", "record"), [(pathload.parse, LOAD), (pathrate.parse, RATE)])
@pytest.mark.parametrize("key", ["method", "kind", "low_mbps", "high_mbps", "elapsed_s"])
@pytest.mark.parametrize(
    "value",
    [
        *("missing", [1], {"a": 1}, [[]], True, "x" * 10**6, "\ud800\n", ""),
        *(10**4000, -1, 0, 1e9, 1e400, float("nan"), float("-inf")),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_key_that_is_missing_or_holds_something_else_is_refused(parse, record, key, value):
    damaged = {**record, key: value}
    if value == "missing":
        del damaged[key]
    with pytest.raises(Untrusted) as reason:
        parse(json.dumps(damaged))
    assert str(reason.value).isprintable() and len(str(reason.value)) <= 300


@pytest.mark.parametrize("parse", [pathload.parse, pathrate.parse])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a":' * 100_000, "not one JSON document"),
        ('{"kind":' + "[" * 100_000 + "]" * 100_000 + "}", "not one JSON document"),
        ('{"kind":' + "9" * 10_000 + "}", "not one JSON document"),
        ("{" + " " * 4_000_000 + "}", "4000002 characters, expected 4000000 at most"),
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ("{}", "'method' is 'None'"),
        ('{"method": [[]]}', "'method' is a list"),
    ],
)
def test_a_document_that_is_none_of_ours_is_refused(parse, text, fault):
    with pytest.raises(Untrusted, match=fault):
        parse(text)


def test_a_record_nested_as_deeply_as_json_can_be_read_is_refused():
    for depth in range(500, 1100, 7):
        text = json.dumps({**LOAD, "kind": 0}).replace(
            '"kind": 0', f'"kind": {"[" * depth}{"]" * depth}'
        )
        with pytest.raises(Untrusted):
            pathload.parse(text)


def test_records_of_our_own_estimators_agree_with_themselves():
    probing = {"bytes_sent": 4_750_123, "probing_mbps": 4.0001}
    assert pathload.parse(json.dumps({**LOAD, **probing})) == pathload.parse(json.dumps(LOAD))
    middle = {"mbps": 97.5, "bytes_sent": 0.5e6 * 3.25, "probing_mbps": 4.0}
    assert pathrate.parse(json.dumps({**RATE, **middle})) == pathrate.parse(json.dumps(RATE))
