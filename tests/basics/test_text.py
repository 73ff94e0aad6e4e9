"""What commands printed, as errors quote it."""

from vcperf.basics.text import printed, reason


def test_the_reason_is_the_last_error_else_the_last_output():
    assert reason({"output": "working\n", "errors": "no room\n\n"}) == "no room"
    assert reason({"output": "working\nno room\n}\n", "errors": ""}) == "no room"


def test_a_record_of_before_errors_were_kept_apart_is_read():
    assert reason({"output": "no room\n"}) == "no room"
    assert printed({"output": "a\n"}) == "a\n"
    assert printed({"output": "a\n", "errors": "b\n"}) == "a\nb\n"
