"""Single checks of the doctor."""

from types import SimpleNamespace

import pytest

from vcperf.commands import doctor_checks
from vcperf.commands.doctor_checks import FAIL, OK, WARN


def block(*hosts):
    nodes = {host: {"ssh": host, "dom0": "a", "domains": {"a": [[0]]}} for host in hosts}
    spec = {"testbed": "xen", "nodes": nodes, "ends": {}}
    return SimpleNamespace(cell=SimpleNamespace(spec=spec))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_too_little_room_keeps_the_campaign_from_being_measured(here, monkeypatch):
    usage = SimpleNamespace(free=1000)
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda folder: usage)
    disk, *_ = doctor_checks.of_this_machine(5)
    assert (disk.verdict, disk.mend) == (FAIL, "make room")


@pytest.mark.xdist_group("measuring")
def test_hosts_that_answer_and_one_that_does_not_are_listed(here, sshd):
    silent, checks = doctor_checks.of_hosts([block("one", "down")], str(sshd.ssh_config))
    assert silent == {"down"}
    verdicts = {check.what: check.verdict for check in checks}
    assert verdicts == {"host one": OK, "host down": FAIL}
    (found,) = [check.found for check in checks if check.what == "host one"]
    assert "answers within" in found and "its clock" in found


def test_guests_that_a_campaign_starts_again_are_named():
    plain, chosen = block("one"), block("one")
    chosen.cell.spec["nodes"]["one"]["guest_options"] = {"web": {"vhost": True, "queues": 2}}
    assert not list(doctor_checks.of_guests([plain]))
    (check,) = doctor_checks.of_guests([plain, chosen, chosen])
    assert check.verdict == OK and check.found == (
        "web on one is started again where it runs with other queues or vhost, and as it was at the"
        " end"
    )


def test_a_clock_that_is_minutes_away_is_a_warning():
    connections = SimpleNamespace(batch=lambda argvs: {"one": [(0, "1000\n")]})
    check = doctor_checks._clock(connections, "one")
    assert check.verdict == WARN and "synchronise" in check.mend


def test_settings_that_make_results_worse_are_warnings_with_a_way_to_mend_them():
    places = {
        "node0": {"cpu.governor": "powersave", "cpu.turbo": None, "net.eth0.tso": "on"},
        "node1": {"cpu.governor": "performance", "cpu.turbo": "on", "net.eth0.tso": "off"},
        "node0/c000": {"net.eth0.tso": "on"},
    }
    found = [*doctor_checks._of_places(places), *doctor_checks._between(places)]
    assert [(check.what, check.found) for check in found] == [
        ("cpu.governor", "powersave on node0"),
        ("cpu.turbo", "on on node1"),
        ("net.eth0.tso", "off and on on different nodes"),
    ]
    assert all(check.verdict == WARN and check.mend for check in found)


@pytest.mark.parametrize(("seconds", "verdict"), [(0.0, OK), (0.02, OK), (0.1, WARN)])
def test_what_a_hypervisor_takes_is_a_warning(seconds, verdict, monkeypatch):
    monkeypatch.setattr(doctor_checks.time, "sleep", lambda seconds: None)
    check = doctor_checks._steal(iter([5.0, 5.0 + seconds]).__next__)
    assert check.verdict == verdict and f"{200 * seconds:.0f} % of one CPU" in check.found


@pytest.mark.parametrize(("per_s", "verdict"), [(100, WARN), (250, OK), (1000, OK)])
def test_a_low_clock_tick_is_a_warning(per_s, verdict):
    check = doctor_checks._tick(per_s)
    assert check.verdict == verdict and f"{per_s} per second" in check.found


def with_spec(**spec):
    return SimpleNamespace(cell=SimpleNamespace(spec=spec))


def test_stacks_are_there_or_fetched_or_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "sh")
    program = tmp_path / "own/bin/mpicc"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    blocks = [
        with_spec(stack={"kind": "mpich", "folder": str(tmp_path / "own")}),
        with_spec(stack={"kind": "openmpi", "folder": str(tmp_path / "gone")}),
        with_spec(stack={"kind": "openmpi", "folder": "/there", "host": "node1"}),
        with_spec(stack={"kind": "intel", "version": "0.0"}),
        with_spec(test="TCP_STREAM"),
    ]
    monkeypatch.setattr(doctor_checks.mpi_stacks, "ROOT", str(tmp_path))
    found = {check.what: check for check in doctor_checks.of_stacks(blocks)}
    verdicts = {what: check.verdict for what, check in found.items()}
    assert verdicts == {"MPI mpich": OK, "MPI openmpi": FAIL, "MPI intel": OK, "compiler": OK}
    assert found["MPI openmpi"].found == f"{tmp_path}/gone/bin/mpicc: not found"
    assert "will fetch" in found["MPI intel"].found


def test_without_a_compiler_no_mpi_program_is_measured(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    *_, compiler = doctor_checks.of_stacks([with_spec(stack={"kind": "mpich", "version": "1"})])
    assert (compiler.verdict, compiler.found) == (FAIL, "no-such-compiler: not found")
    assert not list(doctor_checks.of_stacks([with_spec(test="TCP_STREAM")]))


def test_profiles_are_taken_or_not():
    ready = SimpleNamespace(config={"profile": {}}, plan=SimpleNamespace(kinds=["netperf"]))
    (check,) = doctor_checks.of_profiles(ready, [])
    assert check.verdict == WARN and "cannot take them" in check.found
    ready.plan.kinds.append("profile")
    blocks = [with_spec(profiler={"name": "perf", "event": "cycles"})] * 2
    (check,) = doctor_checks.of_profiles(ready, blocks)
    assert (check.verdict, check.found) == (OK, "perf, event cycles")


def test_pins_that_share_a_core_are_a_warning():
    spec = {"nodes": {"node0": {"domains": {"a": [[0]], "b": [[1]]}}}}
    places = {"node0": {"cpu.cores": "0-1 2-3", "cpu.nodes": "0-3"}}
    (check,) = doctor_checks._of_pins("netns", [spec], places)
    assert check.what == "pins on netns" and "one physical core" in check.found
