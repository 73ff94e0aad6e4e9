"""Who pays for traffic: the account of each part of a path's two ends."""

import pytest

from vcperf.kinds.cpu_parts import COST, PARTS
from vcperf.tables import cpu_parts

ENDS = {"sender": "web", "receiver": "db"}
NODES = {
    "one": {"dom0": "host", "domains": {"host": [[0]], "web": [[1]]}},
    "two": {"dom0": "other", "domains": {"other": [[0]], "db": [[1]]}},
}
GUEST = {"cpu_s": 1.0, "emulator_s": 0.5, "iothreads_s": 0.25, "vhost_s": 0.75, "delay_s": 2.0}


def record(nodes=NODES, **after):
    """A record whose two looks are 10 s apart; all accounts are 0 at the first."""
    looks = [
        {"domains": {d: dict.fromkeys(its, 0.0) for d, its in after.items()}},
        {"domains": after},
    ]
    for clock_s, look in zip((100.0, 110.0), looks, strict=True):
        for account in look["domains"].values():
            account["clock_s"] = clock_s
    return {"spec": {"nodes": nodes}, "before": looks[0], "after": looks[1]}


def both(**changes):
    hosts = {"host": {"cpu_s": 0.1, "host_s": 3.0}, "other": {"cpu_s": 0.0, "host_s": 1.0}}
    return record(**{**hosts, "web": dict(GUEST), "db": {**GUEST, "cpu_s": 2.0}, **changes})


def test_each_part_of_an_end_is_in_percent_of_one_cpu():
    found = cpu_parts.percents(both(), ENDS)
    assert tuple(found) == PARTS
    assert {name: value for name, value in found.items() if name.startswith("sender")} == {
        "sender_emulator_cpu_percent": 5.0,
        "sender_iothreads_cpu_percent": 2.5,
        "sender_vhost_cpu_percent": 7.5,
        "sender_delay_percent": 20.0,
        "sender_host_cpu_percent": 30.0,
    }
    assert found["receiver_host_cpu_percent"] == 10.0


def test_a_part_that_a_testbed_does_not_account_for_is_empty():
    plain = record(host={"cpu_s": 1.0}, web={"cpu_s": 1.0}, other={"cpu_s": 1.0}, db={"cpu_s": 1.0})
    assert set(cpu_parts.percents(plain, ENDS).values()) == {None}
    assert cpu_parts.cost(plain, ENDS, 1e9) == {COST: None}


def test_a_gigabyte_costs_what_all_parts_of_both_ends_took():
    # VCPUs 3, emulators 1, I/O threads 0.5, vhost 1.5, hosts 4; waiting is no work.
    assert cpu_parts.cost(both(), ENDS, 2e9) == {COST: pytest.approx(5.0)}
    assert cpu_parts.cost(both(), ENDS, 0) == {COST: None}


def test_a_host_at_both_ends_counts_once_and_its_own_commands_with_it():
    one = {"dom0": "host", "domains": {"host": [[0]], "web": [[1]], "db": [[1]]}}
    found = both()
    found["spec"]["nodes"] = {"one": one}
    assert cpu_parts.cost(found, ENDS, 1e9) == {COST: pytest.approx(9.0)}
    from_host = cpu_parts.cost(found, {"sender": "host", "receiver": "db"}, 1e9)
    assert from_host == {COST: pytest.approx(3 + 3.5)}


def test_a_host_that_seems_to_have_taken_less_than_nothing_has_taken_nothing():
    """Two accounts, one of which has whole clock ticks, are subtracted."""
    idle = both(host={"cpu_s": 0.0, "host_s": -0.01})
    assert cpu_parts.percents(idle, ENDS)["sender_host_cpu_percent"] == 0.0
