"""Benchmarks of IMB-MPI1 in a plan."""

from helpers.checkout import ROOT
from helpers.config import pingpong_section
from helpers.plans import plan_of

from vcperf.config import files

THREE = files.read_yaml(ROOT / "config/campaigns/mpi.yaml")


def plan(**changes):
    return plan_of({**THREE, "pingpong": pingpong_section(**{**THREE["pingpong"], **changes})})


def records(benchmarks):
    return {b.record for b in plan(benchmarks=benchmarks).blocks}


def test_a_benchmark_added_measures_itself_alone():
    few, more = records(["PingPong", "Bcast"]), records(["Bcast", "PingPong", "Barrier"])
    assert few < more and all("_Barrier_" in record for record in more - few)
    assert records(["Bcast"]) < few


def test_barrier_knows_no_message_sizes():
    def barriers(**changes):
        return {b.record for b in plan(benchmarks=["Barrier"], **changes).blocks}

    assert barriers() == barriers(message_bytes=[7]) != barriers(repetitions=7)


def test_ping_pong_takes_two_domains_of_a_cluster_and_other_benchmarks_take_all():
    cells = plan(benchmarks=["PingPong", "PingPing", "Bcast"], loads=["ep"]).cells
    ranks = {cell.labels.get("benchmark", "PingPong"): cell.spec["ranks"] for cell in cells}
    assert ranks["PingPong"] == ranks["PingPing"] == ["c000", "c010"]
    assert ranks["Bcast"] == ["c000", "c010", "c020"]
    for cell in cells:
        assert cell.spec["load"]["ranks"] == ["c001", "c011", "c021"]
        assert set(cell.spec["nodes"]) == {"node0", "node1", "node2"}
        used = {c for d in cell.spec["nodes"]["node2"]["domains"].values() for (c,) in d}
        assert used == ({0} if cell.labels["pinning"] == "config3" else {0, 1})


def test_open_mpi_runs_only_our_own_ping_pong():
    have = {(c.labels["stack"], c.labels["program"]) for c in plan(benchmarks=["PingPong"]).cells}
    both = {(stack, name) for stack in ("mpich", "intel") for name in ("pingpong", "IMB-MPI1")}
    assert have == both | {("openmpi", "pingpong")}
