"""Measurements that share no node run at the same time; those that share one never do."""

import re

import pytest
import yaml
from helpers import simulated

PAIRS = [f"d{i:02}->d{i + 1:02}" for i in range(0, 8, 2)]


@pytest.fixture
def cluster(checkout):
    simulated.add_to(checkout)
    simulated.write_cluster(checkout.folder, 8)
    return checkout


def write(checkout, content):
    (checkout.folder / "campaign.yaml").write_text(yaml.safe_dump(content))


def run(checkout, *options, **environment):
    """Measure, and make nothing of it."""
    what = ("results/tables/netperf.csv", "--until", "measure")
    done = checkout.snakemake(*what, *options, configfile="campaign.yaml", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_eight_nodes_are_in_four_measurements_at_once(cluster):
    """No measurement ends before four are under way: one at a time none would end."""
    write(cluster, simulated.campaign(8, PAIRS, blocks=3))
    run(cluster, "--cores", "4", VCPERF_SIMULATED_MEET="4")
    log = simulated.log_of(cluster)
    assert len(log) == 2 * 12 and simulated.most_at_once(log) == 4


def test_a_node_is_in_one_measurement_at_a_time(cluster):
    """With all cores that anyone could want, and blocks that end in any order."""
    paths = [f"d{i:02}->d{j:02}" for i, j in [(0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (4, 5)]]
    write(cluster, simulated.campaign(8, paths, blocks=2))
    run(cluster, "--cores", "40")
    log = simulated.log_of(cluster)
    assert len(log) == 2 * 12 and simulated.most_at_once(log) <= 3


@pytest.mark.slow
def test_measurements_across_a_shared_link_take_turns(cluster):
    rack = [f"n{i:02}" for i in range(4)]
    simulated.write_cluster(cluster.folder, 8, links={"uplink": rack})
    across = [f"d{i:02}->d{i + 4:02}" for i in range(4)]
    write(cluster, simulated.campaign(8, [*across, "d00->d01", "d06->d07"]))
    done = run(cluster, "--cores", "40")
    under_way = 0
    for what, nodes in simulated.log_of(cluster):
        crosses = len(set(nodes) & set(rack)) == 1
        under_way += crosses * (1 if what == "begin" else -1)
        assert under_way <= 1
    assert "link_uplink=1" in done.stderr


@pytest.mark.slow
def test_one_core_measures_one_block_at_a_time(cluster):
    write(cluster, simulated.campaign(8, PAIRS))
    run(cluster, "--cores", "1")
    assert simulated.most_at_once(simulated.log_of(cluster)) == 1


def test_blocks_of_a_cell_stay_spread_where_its_nodes_are_less_wanted(cluster):
    """d06->d07 has its nodes for itself; the others all want d00."""
    star = [f"d00->d{i:02}" for i in range(1, 5)]
    write(cluster, simulated.campaign(8, [*star, "d06->d07"], blocks=4))
    run(cluster, "--cores", "8")
    begun = [nodes for what, nodes in simulated.log_of(cluster) if what == "begin"]
    places = [place for place, nodes in enumerate(begun) if nodes == ("n06", "n07")]
    for number, place in enumerate(places):
        former = [nodes for nodes in begun[:place] if nodes != ("n06", "n07")]
        assert len(former) >= 4 * (number - 1), f"block {number + 1} came after {len(former)}"


def test_a_plan_says_how_long_it_takes_side_by_side(cluster):
    write(cluster, simulated.campaign(8, PAIRS, blocks=3))
    told = cluster.command("plan", "--cores", "2", "campaign.yaml")
    assert "about 17 s of measuring to go" in told
    (line,) = re.findall("side by side.*", told)
    assert line == "side by side with --cores 2: about 8 s; with --cores 4: about 4 s"
