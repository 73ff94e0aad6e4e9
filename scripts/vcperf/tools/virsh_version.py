"""`virsh version`: which libvirt and which hypervisor answer.

    Compiled against library: libvirt 9.0.0
    Using library: libvirt 9.0.0
    Using API: QEMU 9.0.0
    Running hypervisor: QEMU 7.2.22

gives ``libvirt 9.0.0,QEMU 7.2.22``. Format: cmdVersion of libvirt's tools/virsh-host.c.
"""

from __future__ import annotations

import re
import sys

from vcperf.tools import virsh
from vcperf.tools.filter import Row, Untrusted, main

COLUMNS = ("library", "hypervisor")


def argv(uri: str) -> list[str]:
    """The command line that asks for versions."""
    return virsh.argv(uri, "version")


def parse(text: str) -> list[Row]:
    """One row of COLUMNS. Raises Untrusted for any other text."""
    library = re.findall(r"^Using library: (libvirt [\w.+-]+)$", text, re.M)
    hypervisor = re.findall(r"^Running hypervisor: (\w+ [\w.+-]+)\n", text, re.M)
    if len(library) != 1 or len(hypervisor) != 1:
        raise Untrusted("this is not what `virsh version` prints of a hypervisor that runs")
    return [{"library": library[0], "hypervisor": hypervisor[0]}]


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
