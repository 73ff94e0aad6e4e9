"""How containers are connected: addresses, options of podman, and what carries their traffic."""

import os
import subprocess

import pytest

from vcperf.testbeds import container_networks
from vcperf.testbeds.container_networks import MODES, Slirp4netns, WithBackends, hold
from vcperf.testbeds.podman import PodmanTestbed
from vcperf.testbeds.processes import affinity

DOMAINS = ["vc00", "c000", "c001"]


@pytest.mark.parametrize("mode", MODES)
def test_every_domain_has_an_address_of_its_own(mode):
    many = [f"c{number}" for number in range(249)]
    addresses = MODES[mode](many, ["c0"]).addresses
    assert list(addresses) == many and len(set(addresses.values())) == len(many)


def test_slirp4netns_forwards_the_ports_of_a_guest_from_the_guests_own_address():
    network = Slirp4netns(DOMAINS, ["vc00"])
    assert network.run_words("vc00") == ["--network=host"]
    words = network.run_words("c000")
    assert "--network=slirp4netns:cidr=10.77.2.0/24" in words
    assert network.addresses["c000"] == "10.77.2.100"
    assert "--publish=10.77.2.100:5201:5201/tcp" in words
    assert "--publish=10.77.2.100:12865-12963:12865-12963/udp" in words
    assert "addr add 10.77.2.100/32 dev host0" in network.host_lines()


def test_slirp4netns_is_refused_where_no_tap_device_can_be_made(monkeypatch):
    monkeypatch.setattr(container_networks, "TUN", "/nowhere/tun")
    monkeypatch.setattr(container_networks.programs, "missing", lambda tools: "")
    assert Slirp4netns.host_fault() == (
        "/nowhere/tun may not be opened; let your user read and write it, or run as root"
    )


def test_a_network_that_this_machine_cannot_have_is_told_with_its_key(monkeypatch):
    monkeypatch.setattr(container_networks.programs, "missing", lambda tools: f"not: {[*tools]}")
    with pytest.raises(Exception, match=r"^podman\.network: slirp4netns: not: \['slirp4netns'\]$"):
        PodmanTestbed.options({"network": "slirp4netns"})


class Container:
    """The account of a container that has used three seconds."""

    def cpus(self):
        return "0"

    def cpu_seconds(self):
        return 3.0

    def pids(self):
        return {1}

    def reaped(self, seconds):
        pass


def test_backends_count_to_the_dom0_and_are_on_its_cpus():
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as busy:
        hold([busy.pid], [0])
        assert affinity(busy.pid) == (0,)
        account = WithBackends(Container(), {busy.pid})
        assert account.pids() == {1, busy.pid}
        while account.cpu_seconds() < 3.01:
            os.sched_yield()
        busy.kill()
