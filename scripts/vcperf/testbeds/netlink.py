"""The network of a namespace, set up by messages to the kernel.

`ip` and `tc` send the same ones; but to start them in each domain took most of a block's overhead.
Formats: rtnetlink(7), and the kernel's include/uapi/linux/ rtnetlink.h, if_link.h, veth.h,
neighbour.h and pkt_sched.h.
"""

from __future__ import annotations

import _socket as socket  # all that is needed; the other one takes 3 ms more to load
import os
import struct

from vcperf.errors import VcperfError

LOOPBACK = 1  # the index of lo, in every namespace
_ERROR = 2  # NLMSG_ERROR: also the answer to what went well, with 0
_REQUEST, _ACK, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x200, 0x400
_NEW_LINK, _NEW_ADDRESS, _NEW_QDISC, _SET_NEIGHBOURS = 16, 20, 36, 67
_IFLA_NAME, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_PID = 3, 10, 18, 19
_INFO_KIND, _INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_NDTA_NAME, _NDTA_PARMS = 1, 6
_NDTPA_IFINDEX, _NDTPA_RETRANS_MS, _NDTPA_MCAST_PROBES = 1, 5, 11
_TCA_KIND, _TCA_OPTIONS = 1, 2
_TBF_PARMS, _TBF_RATE64, _TBF_BURST = 1, 4, 6
_ROOT = 0xFFFFFFFF  # TC_H_ROOT
_ETHERNET = 1  # TC_LINKLAYER_ETHERNET
_UP = 1  # IFF_UP
_MOST = 2**32 - 1


class Network:
    """The network of the namespace in which the calling thread is now, wherever it goes later.

    What is asked for is queued until `commit`. Devices have the indices that they are given.

    Args:
        name: of the namespace, for errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self._queue: list[bytes] = []
        self._said: list[str] = []

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()

    def add_bridge(self, name: str, index: int) -> None:
        """Make a bridge, and set it up."""
        body = _link(index, _UP) + _text(_IFLA_NAME, name)
        body += _attribute(_IFLA_LINKINFO, _text(_INFO_KIND, "bridge"))
        self._ask(_NEW_LINK, body, f"add bridge {name}", _CREATE | _EXCLUSIVE)

    def add_cable(self, name: str, index: int, peer: str, peer_index: int, peer_pid: int) -> None:
        """Make a veth, down, whose other end is in the namespace of another process.

        Args:
            name, index: of this end.
            peer, peer_index: of the other. With one index for both, Linux would take them for one
                device, and report the carrier a second late.
            peer_pid: a process in that namespace.
        """
        there = _link(peer_index) + _text(_IFLA_NAME, peer)
        there += _attribute(_IFLA_NET_NS_PID, struct.pack("=I", peer_pid))
        data = _attribute(_INFO_DATA, _attribute(_VETH_INFO_PEER, there))
        info = _attribute(_IFLA_LINKINFO, _text(_INFO_KIND, "veth") + data)
        body = _link(index) + _text(_IFLA_NAME, name) + info
        self._ask(_NEW_LINK, body, f"add veth {name}", _CREATE | _EXCLUSIVE)

    def set_up(self, index: int, bridge: int = 0) -> None:
        """Set a device up, as a port of a bridge if one is given."""
        master = _attribute(_IFLA_MASTER, struct.pack("=I", bridge)) if bridge else b""
        self._ask(_NEW_LINK, _link(index, _UP) + master, f"set device {index} up")

    def add_address(self, index: int, address: str, bits: int) -> None:
        """Give a device an IPv4 address in a subnet of so many bits."""
        packed = socket.inet_aton(address)
        body = struct.pack("=BBBBi", socket.AF_INET, bits, 0, 0, index)
        body += _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
        self._ask(_NEW_ADDRESS, body, f"add address {address}", _CREATE | _EXCLUSIVE)

    def set_arp(self, index: int, retransmit_ms: int, probes: int) -> None:
        """How soon a device repeats an ARP request that nobody answers, and how often more."""
        parms = _attribute(_NDTPA_IFINDEX, struct.pack("=I", index))
        parms += _attribute(_NDTPA_RETRANS_MS, struct.pack("=Q", retransmit_ms))
        parms += _attribute(_NDTPA_MCAST_PROBES, struct.pack("=I", probes))
        body = struct.pack("=BxH", socket.AF_INET, 0) + _text(_NDTA_NAME, "arp_cache")
        body += _attribute(_NDTA_PARMS, parms)
        self._ask(_SET_NEIGHBOURS, body, f"set ARP of device {index}")

    def shape(self, index: int, bits_per_s: int, burst: int, latency_s: float) -> None:
        """Shape what leaves by a device with a token bucket, tbf.

        Args:
            bits_per_s: the rate.
            burst: the bucket, bytes.
            latency_s: what would wait longer is dropped.
        """
        rate = bits_per_s // 8
        spec = struct.pack("=BBHhHI", 0, _ETHERNET, 0, 0, 0, min(rate, _MOST))
        limit = int(rate * latency_s) + burst
        parms = spec + bytes(len(spec)) + struct.pack("=III", limit, 0, 0)
        options = _attribute(_TBF_PARMS, parms) + _attribute(_TBF_BURST, struct.pack("=I", burst))
        if rate > _MOST:
            options += _attribute(_TBF_RATE64, struct.pack("=Q", rate))
        body = struct.pack("=BxHiIII", socket.AF_UNSPEC, 0, index, 0, _ROOT, 0)
        body += _text(_TCA_KIND, "tbf") + _attribute(_TCA_OPTIONS, options)
        self._ask(_NEW_QDISC, body, f"shape device {index}", _CREATE | _EXCLUSIVE)

    def commit(self) -> None:
        """Do what was asked for, in order. Raises VcperfError for the first thing refused."""
        said, self._said = self._said, []
        queue, self._queue = self._queue, []
        if queue:
            self._socket.sendall(b"".join(queue))
        answers = 0
        while answers < len(said):
            packet = self._socket.recv(1 << 16)
            at = 0
            while at < len(packet):
                length, kind, _, number, _ = struct.unpack_from("=IHHII", packet, at)
                if kind == _ERROR:
                    (status,) = struct.unpack_from("=i", packet, at + 16)
                    if status:
                        why = os.strerror(-status)
                        raise VcperfError(f"{self._name}: cannot {said[number]}: {why}")
                    answers += 1
                at += _aligned(length)

    def _ask(self, kind: int, body: bytes, what: str, flags: int = 0) -> None:
        flags |= _REQUEST | _ACK
        head = struct.pack("=IHHII", 16 + len(body), kind, flags, len(self._said), 0)
        self._queue.append(head + body)
        self._said.append(what)


def _link(index: int, flags: int = 0) -> bytes:
    """struct ifinfomsg: a device, and the flags that it gets."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


def _attribute(kind: int, value: bytes) -> bytes:
    head = struct.pack("=HH", 4 + len(value), kind)
    return head + value + bytes(_aligned(len(value)) - len(value))


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _aligned(size: int) -> int:
    return (size + 3) & ~3
