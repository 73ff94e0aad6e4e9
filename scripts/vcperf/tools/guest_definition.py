"""The definition of a guest of libvirt (`virsh dumpxml`): how its network interfaces are served.

An interface on a bridge of the host is served by the kernel (``vhost``) or by QEMU itself, through
one or more pairs of queues::

    <interface type='bridge'>
      <mac address='52:54:00:00:00:11'/>
      <driver name='vhost' queues='2'/>
      <model type='virtio'/>

gives ``52:54:00:00:00:11,vhost,2``. Without a name libvirt takes vhost where the host has it.
Format: libvirt's docs/formatdomain.rst, "Setting NIC driver-specific options".
"""

from __future__ import annotations

import sys

from vcperf.tools import virsh
from vcperf.tools.filter import Row, Untrusted, main, quoted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any
    from xml.etree.ElementTree import Element

COLUMNS = ("mac", "driver", "queues")
DRIVERS = {True: "vhost", False: "qemu"}
# Types of interfaces that are a tap of the host's.
_TAPS = ("bridge", "network", "direct", "ethernet")
_QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"


def argv(uri: str, guest: str, secrets: bool = False) -> list[str]:
    """The command line that prints the definition with which a guest runs.

    Args:
        uri, guest: where, and whose.
        secrets: with passwords, as a guest needs to be started from it again.
    """
    return virsh.argv(uri, "dumpxml", "--domain", guest, *(["--security-info"] if secrets else []))


def parse(text: str) -> list[Row]:
    """One row of COLUMNS for each virtio interface that is a tap; `driver` is vhost, qemu, or None
    where the definition leaves it to libvirt.

    Raises Untrusted for what is no definition of a guest.
    """
    rows = []
    for interface in _interfaces(_root(text)):
        mac, driver = interface.find("mac"), interface.find("driver")
        if mac is None:
            raise Untrusted("an interface without an address")
        its: Mapping[str, str] = {} if driver is None else driver.attrib
        queues = its.get("queues", "1")
        if its.get("name") not in (None, *DRIVERS.values()) or not queues.isdecimal():
            raise Untrusted(f"not the driver of an interface: {quoted(str(dict(its)))}")
        row = {"mac": mac.get("address"), "driver": its.get("name"), "queues": int(queues)}
        rows.append(row)
    return rows


def changed(text: str, options: Mapping[str, Any]) -> str:
    """A definition whose virtio taps have some options.

    Args:
        text: the definition.
        options: `queues`, how many pairs, and `vhost`, whether the kernel serves them; what is
            left out stays.

    Raises Untrusted for what is no definition of a guest.
    """
    from xml.etree import ElementTree  # nobody without such options pays for it

    root = _root(text)
    for interface in _interfaces(root):
        driver = interface.find("driver")
        if driver is None:
            driver = ElementTree.SubElement(interface, "driver")
        if "vhost" in options:
            driver.set("name", DRIVERS[options["vhost"]])
        if "queues" in options:
            driver.attrib.pop("queues", None)
            if options["queues"] > 1:
                driver.set("queues", str(options["queues"]))
    for source in root.iterfind("devices/interface/source"):
        source.attrib.pop("portid", None)  # of the guest that runs now
    ElementTree.register_namespace("qemu", _QEMU)
    return ElementTree.tostring(root, encoding="unicode")


def _root(text: str) -> Element:
    from xml.etree import ElementTree  # as above

    root = None
    try:
        if "<!" not in text:  # no entities, and libvirt keeps no comments
            root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError:
        pass
    if root is None or root.tag != "domain":
        raise Untrusted(f"not the definition of a guest: {quoted(text[:60])}")
    return root


def _interfaces(root: Element) -> Iterator[Element]:
    for interface in root.iterfind("devices/interface"):
        model = interface.find("model")
        virtio = model is not None and str(model.get("type")).startswith("virtio")
        if virtio and interface.get("type") in _TAPS:
            yield interface


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
