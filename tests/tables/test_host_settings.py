"""What settings say of the pins of a block."""

import pytest

from vcperf.records import host_settings as kept
from vcperf.tables import host_settings

THREADS = {"cpu.cores": "0,4 1,5 2,6 3,7", "cpu.nodes": "0-1,4-5 2-3,6-7"}


def spec(*nodes, **more):
    named = {f"node{n}": {"domains": domains} for n, domains in enumerate(nodes)}
    return {"nodes": named, **more}


def pins_of(spec, tmp_path, monkeypatch, **places):
    monkeypatch.chdir(tmp_path)
    digests = {place: kept.write("results", settings) for place, settings in places.items()}
    found = host_settings.pins(spec, host_settings.column(digests))
    return found["shared_cores"], found["numa_crossed"]


@pytest.mark.parametrize(
    ("domains", "said"),
    [
        ({"a": [[0]], "b": [[1]]}, ("no", "no")),
        ({"a": [[0]], "b": [[0]]}, ("no", "no")),  # one CPU for both shows in the pinning
        ({"a": [[0]], "b": [[4]]}, ("yes", "no")),
        ({"a": [[0], [4]]}, ("yes", "no")),
        ({"a": [[0]], "b": [[2]]}, ("no", "yes")),
        ({"a": [[0]], "b": [[1, 3, 7]]}, ("yes", "yes")),
        ({"a": [[0]], "b": [[8]]}, (None, None)),  # a CPU that the node does not show
    ],
)
def test_pins_that_share_a_core_or_cross_nodes(domains, said, tmp_path, monkeypatch):
    assert pins_of(spec(domains), tmp_path, monkeypatch, node0=THREADS) == said


def test_nodes_of_one_machine_are_looked_at_together_and_hosts_alone(tmp_path, monkeypatch):
    two = spec({"a": [[0]]}, {"b": [[4]]})
    places = {"node0": THREADS, "node1": THREADS}
    assert pins_of(two, tmp_path, monkeypatch, **places) == ("yes", "no")
    assert pins_of({**two, "ends": {}}, tmp_path, monkeypatch, **places) == ("no", "no")


def test_one_host_that_shows_nothing_leaves_it_open_unless_the_other_says_yes(
    tmp_path, monkeypatch
):
    hidden = {"cpu.cores": None, "cpu.nodes": None}
    apart = spec({"a": [[0]]}, {"b": [[0]]}, ends={})
    together = spec({"a": [[0], [4]]}, {"b": [[0]]}, ends={})
    places = {"node0": THREADS, "node1": hidden}
    assert pins_of(apart, tmp_path, monkeypatch, **places) == (None, None)
    assert pins_of(together, tmp_path, monkeypatch, **places) == ("yes", None)


def test_records_without_settings_say_nothing():
    assert host_settings.column({}) is None
    pins = host_settings.pins({"nodes": {}}, None)
    assert pins == {"shared_cores": None, "numa_crossed": None}
