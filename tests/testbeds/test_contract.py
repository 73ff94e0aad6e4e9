"""Every testbed offers what the contract says, and adding one takes its module and one line."""

import importlib
import inspect
import os
import subprocess

import pytest
from helpers.checkout import ROOT

from vcperf import testbeds
from vcperf.testbeds import contract

ALL = [(name, False) for name in testbeds.LOCAL] + [(name, True) for name in testbeds.BY_SSH]
every_testbed = pytest.mark.parametrize(("name", "by_ssh"), ALL)

BARE = '''
"""A testbed that is added by its module and one line."""
from vcperf.testbeds.native import NativeTestbed


class BareTestbed(NativeTestbed):
    """Plain processes by another name."""

    name = "bare"
    isolation = "none"
    platform = "bare processes"
'''


def members(protocol):
    """What a Protocol asks for: its own members, and those of the Protocols that it extends."""
    asked = {}
    for one in protocol.__mro__:
        if getattr(one, "_is_protocol", False) and one.__module__ == contract.__name__:
            asked |= dict.fromkeys(vars(one).get("__annotations__", {}))
            asked |= {name: f for name, f in vars(one).items() if callable(f) or is_static(f)}
    hidden = {"__init__", "__subclasshook__"}
    return {name: asked[name] for name in asked if name not in hidden}


def is_static(member) -> bool:
    return isinstance(member, staticmethod)


def parameters(function) -> list[str]:
    return list(inspect.signature(getattr(function, "__func__", function)).parameters)


@every_testbed
def test_a_testbed_has_every_member_of_the_contract(name, by_ssh):
    found = testbeds.find(name, by_ssh)
    asked = members(contract.TestbedBySsh if by_ssh else contract.Testbed) | members(
        contract.SshClass if by_ssh else contract.LocalClass
    )
    assert {"pin", "observe", "cluster", "tools", "locks_this_machine"} <= set(asked)
    opened = {"spec"}  # set when one is opened
    for member, function in asked.items():
        if member in opened:
            continue
        assert hasattr(found, member), member
        if function is not None and not member.startswith("__"):
            offered = inspect.getattr_static(found, member)
            own = ["cls"] if isinstance(offered, classmethod) else []
            assert parameters(offered) == [*own, *parameters(function)], member


@every_testbed
def test_a_testbed_says_its_name_and_profilers_that_exist(name, by_ssh):
    found = testbeds.find(name, by_ssh)
    assert found.name == name and found.by_ssh is by_ssh
    for module in found.profilers.values():
        profiler = importlib.import_module(f"vcperf.profilers.{module}")
        assert callable(profiler.fault) and callable(profiler.Sampler)


def isolated(name: str, *command: str) -> subprocess.CompletedProcess:
    argv = [str(ROOT / "scripts/isolate"), name, *command]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@every_testbed
def test_blocks_are_isolated_as_the_testbed_says(name, by_ssh):
    found = testbeds.find(name, by_ssh)
    if not by_ssh and found.host_fault():
        pytest.skip(found.host_fault())
    done = isolated(name, "readlink", "/proc/self/ns/net")
    assert done.returncode == 0, done.stderr
    ours = os.readlink("/proc/self/ns/net")
    assert (done.stdout.strip() == ours) is (found.isolation == "none")


@pytest.mark.parametrize("name", ["kvm", "ssh", "contract", "../testbeds/native", ""])
def test_a_name_that_is_no_testbed_isolates_nothing(name):
    done = isolated(name, "echo", "ran")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith(f"scripts/isolate: unknown testbed '{name}'")
    assert done.stderr.count("\n") == 1


@pytest.mark.xdist_group("measuring")
def test_a_local_testbed_is_added_by_its_module_and_one_line(checkout):
    package = checkout.folder / "scripts/vcperf/testbeds"
    (package / "bare.py").write_text(BARE)
    registry = (package / "__init__.py").read_text()
    line = '"native": "native.NativeTestbed"'
    added = registry.replace(line, f'{line}, "bare": "bare.BareTestbed"', 1)
    assert added != registry
    (package / "__init__.py").write_text(added)
    (checkout.folder / "claims.yaml").write_text("where: {testbed: bare}\nclaims: {}\n")
    change = {
        "testbed": "bare",
        "claims": "claims.yaml",
        "blocks": 1,
        "netperf": {
            "paths": {"config1": ["vc00->c010"], "config2": None},
            "message_bytes": [16384],
        },
    }
    campaign = checkout.overlay("bare.yaml", change)
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = checkout.read_records()
    assert record["spec"]["testbed"] == "bare" and record["host"]["platform"] == "bare processes"
