"""Testbeds: bring domains up, pin them, read the pinning back, run commands in them.

A testbed knows no benchmark. Each is one class in its own module, with the members that
`vcperf.testbeds.contract` lists; what it brings up, it takes down. One line below makes it known.
Nothing outside its module asks which testbed it is.
"""

from __future__ import annotations

import importlib

from vcperf.errors import VcperfError, quote, suggest

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import Testbed

# name -> module and class. On this machine.
LOCAL = {
    "netns": "netns.NetnsTestbed",
    "native": "native.NativeTestbed",
    "podman": "podman.PodmanTestbed",
    "docker": "docker.DockerTestbed",
}
AUTOMATIC = ("netns", "native")  # `auto` takes the first of them that this machine allows
# On hosts that a testbed file names.
BY_SSH = {
    "native": "native_by_ssh.HostsTestbed",
    "xen": "xen.XenTestbed",
    "libvirt": "libvirt.LibvirtTestbed",
}
NAMES = tuple(dict.fromkeys([*LOCAL, *BY_SSH]))


def find(name: str, by_ssh: bool) -> Any:
    """The class of a testbed, see `vcperf.testbeds.contract.TestbedClass`.

    Args:
        name: its name.
        by_ssh: whether its domains are on hosts reached by ssh.

    Raises VcperfError when there is none of that name.
    """
    known = BY_SSH if by_ssh else LOCAL
    if name not in known:
        where = "on hosts reached by ssh" if by_ssh else "on this machine"
        raise VcperfError(f"no testbed {quote(name)} {where}{suggest(name, known)}")
    module, _, class_name = known[name].partition(".")
    return getattr(importlib.import_module(f"vcperf.testbeds.{module}"), class_name)


def class_of(spec: dict[str, Any]) -> Any:
    """The class of a spec's testbed. Raises VcperfError when there is none."""
    return find(spec["testbed"], by_ssh="ends" in spec)


def open_testbed(spec: dict[str, Any], context: dict[str, Any]) -> Testbed:
    """The testbed of a spec, not yet brought up.

    Args:
        spec: a block's spec; with `ends` when its domains are reached by ssh.
        context: see `vcperf.measure.block.main`.

    Raises VcperfError when there is none of that name.
    """
    opened: Testbed = class_of(spec)(spec, context)
    return opened
