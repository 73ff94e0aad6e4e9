"""The lab's KVM hosts come, and leave nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import labs
from helpers.checkout import ROOT
from helpers.kvm_lab import RUN, SSH_CONFIG
from helpers.processes import gone, wait_until

sys.path.append(str(ROOT / "lab"))

import images
import kvm_hosts
import kvm_try
import topology


def lab(*arguments: str) -> subprocess.CompletedProcess:
    """Run lab/lab, which may leave a process in the background that has its output open."""
    argv = [sys.executable, str(ROOT / "lab/lab"), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)


def traces() -> list[str]:
    """What hosts would leave on this machine beside processes: mounts, interfaces, files."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    bridges = [name for name in os.listdir("/sys/class/net") if name == "virbr0"]
    return [line for line in mounts if str(RUN) in line] + bridges + list(map(str, RUN.iterdir()))


@pytest.mark.parametrize("kind", [kvm_hosts.KVM_CPU, kvm_hosts.EMULATED_CPU], ids=lambda k: k[0])
def test_a_definition_has_kvm_or_not(tmp_path, kind):
    text = kvm_hosts.guest_definition(topology.node(1).guests[0], tmp_path, kind)
    assert f"<domain type='{kind[0]}'>" in text and kind[1] in text and "{" not in text
    assert f"{tmp_path}/c010.cpio" in text


def test_kvm_is_tried_once_for_each_boot(tmp_path, monkeypatch):
    tried = []

    def printed(*_):
        tried.append(1)
        return "no word"

    monkeypatch.setattr(kvm_try, "DEVICE", tmp_path / "kvm")
    monkeypatch.setattr(kvm_try, "CACHE", tmp_path)
    monkeypatch.setattr(kvm_try, "printed", printed)
    assert not kvm_try.works(tmp_path / "images-1") and not tried
    (tmp_path / "kvm").touch()
    monkeypatch.setattr(kvm_try, "DEVICE", tmp_path / "kvm")
    assert not kvm_try.works(tmp_path / "images-1") and len(tried) == 1
    assert not kvm_try.works(tmp_path / "images-1") and len(tried) == 1
    monkeypatch.setattr(kvm_try, "printed", lambda *_: f"{kvm_try.WORD}\r\n")
    assert kvm_try.works(tmp_path / "images-2")


@pytest.mark.lab
def test_the_guest_that_tries_kvm_says_its_word_where_it_runs():
    """Under emulation, which runs it everywhere; and one that hangs is ended."""
    folder = images.ensure()
    assert kvm_try.WORD in kvm_try.printed(folder, "tcg", "qemu64", 120)
    assert kvm_try.WORD not in kvm_try.printed(folder, "tcg", "qemu64", 0.01)


@pytest.mark.lab
def test_hosts_that_were_left_running_end_and_leave_nothing(request):
    request.addfinalizer(lambda: lab("down-kvm"))
    started = lab("up-kvm", "--nodes", "1", "--emulated")
    assert started.returncode == 0, started.stdout + started.stderr
    assert "guests emulated by QEMU" in started.stdout
    assert labs.run_on(SSH_CONFIG, "kvm-c001", "hostname").stdout == "c001\n"
    refused = lab("up-kvm", "--nodes", "1")
    assert refused.returncode == 1 and "somebody else is at" in refused.stderr
    assert lab("down-kvm").returncode == 0
    assert not kvm_hosts.left() and not traces()


@pytest.mark.lab
def test_hosts_whose_keeper_is_killed_leave_files_alone_which_go(request):
    request.addfinalizer(lambda: lab("down-kvm"))
    started = lab("up-kvm", "--nodes", "1", "--emulated")
    assert started.returncode == 0, started.stdout + started.stderr
    running = kvm_hosts.left()
    assert len(running) >= 4  # two QEMUs, the host's first process, its starter
    subprocess.run(["kill", "-9", Path(kvm_hosts.KEEPER).read_text().strip()], check=True)
    wait_until(lambda: gone(running), "an end of the hosts")
    done = lab("down-kvm")
    assert done.returncode == 0 and not traces()
