"""Samples of a host by whom they work for. That perf runs on a real KVM host is shown in
tests/lab."""

from vcperf.profilers import perf_hosts

ROW = {"event": "cpu-clock", "image": "vmlinux", "symbol": "x", "percent": 0.0}


def row(domain, app, samples, **other):
    return {**ROW, "domain": domain, "app": app, "samples": samples, "period": samples, **other}


def test_threads_of_a_guest_are_told_apart_by_what_they_do():
    rows = [
        row("web", "CPU 0/KVM", 8),
        row("web", "CPU 1/KVM", 4),
        row("web", "qemu-system-x86", 2),
        row("web", "worker", 1),
        row("web", "vhost-4711", 16),
        row("web", "IO iothread1", 32),
        row("host", "worker", 64),
        row("web", "call_rcu", 128, image="libc.so.6"),
    ]
    found = perf_hosts.by_role(rows, {"web"})
    assert {(r["domain"], r["app"], r["image"]): r["samples"] for r in found} == {
        ("web", "vcpu 0", "vmlinux"): 8,
        ("web", "vcpu 1", "vmlinux"): 4,
        ("web", "emulator", "vmlinux"): 3,
        ("web", "vhost", "vmlinux"): 16,
        ("web", "iothread 1", "vmlinux"): 32,
        ("host", "worker", "vmlinux"): 64,
        ("web", "emulator", "libc.so.6"): 128,
    }
    assert all(r["period"] == r["samples"] for r in found)
    assert rows[0]["app"] == "CPU 0/KVM", "what was given stays as it is"


def test_call_stacks_too():
    folded = ["host;worker;a;b 1", "web;call_rcu;a 2", "web;worker;a 3", "web;CPU 0/TCG 4"]
    assert perf_hosts.roles_in(folded, {"web"}) == [
        "host;worker;a;b 1",
        "web;emulator;a 5",
        "web;vcpu 0 4",
    ]
