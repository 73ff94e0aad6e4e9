"""What all profilers share."""

from vcperf import profilers


def test_stacks_beyond_what_a_record_holds_are_counted(monkeypatch):
    monkeypatch.setattr(profilers, "FOLDED_BYTES", 12)
    assert profilers.bounded(["a;b 1", "a;c 7", "d 2"]) == ("a;c 7\nd 2\n", 1)
