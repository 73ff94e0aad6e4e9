"""Where things are in a running Xen of 64-bit x86, by its list of symbols (xen-syms-*.map).

    0xffff82d040200000 T _stext

Sources, of Xen 4.17: the hypervisor's addresses xen/include/public/arch-x86/xen-x86_64.h;
`curr_vcpu` xen/arch/x86/domain.c; `struct vcpu` and `struct domain` xen/include/xen/sched.h.
"""

from __future__ import annotations

import bisect
import re

from vcperf.tools.filter import Untrusted

HYPERVISOR_BEGIN, HYPERVISOR_END = 0xFFFF800000000000, 0xFFFF880000000000
IDLE_DOMAIN = 0x7FFF  # DOMID_IDLE: VCPUs that run where nothing else does
DOMAIN_OF_VCPU = 16  # bytes into struct vcpu: its domain's address
ID_MASK = 0xFFFF  # struct domain begins with its id, of 16 bits
UNKNOWN = "[unknown]"
_LINE = re.compile(r"(?:0x)?([0-9a-f]+) (\w) (\S.*)$")


class Symbols:
    """A list of symbols.

    Args:
        text: of the file.

    Raises Untrusted when it is not one, or lacks what is needed to tell domains apart.
    """

    def __init__(self, text: str) -> None:
        self._at: dict[str, int] = {}
        functions: dict[int, str] = {}
        for line in text.splitlines():
            match = _LINE.match(line)
            if not match:
                raise Untrusted(f"not a symbol of Xen: {line!r}")
            address = int(match[1], 16)
            self._at.setdefault(match[3], address)
            if match[2] in "Tt":
                functions.setdefault(address, match[3])
        try:
            begin, self._end = self._at["_stext"], self._at["_etext"]
            self.offsets = self._at["__per_cpu_offset"]
            self._current = self._at["per_cpu__curr_vcpu"]
        except KeyError as missing:
            raise Untrusted(f"the symbols of Xen lack {missing}") from None
        self._addresses = sorted(a for a in functions if begin <= a < self._end)
        self._names = [functions[address] for address in self._addresses]

    def current(self, offset: int) -> int:
        """Where a processor keeps the address of the VCPU that it runs, or ran last.

        Args:
            offset: of its own data: its word in the array at `offsets`.
        """
        return self._current + offset & (1 << 64) - 1

    def function(self, address: int) -> str:
        """The function that an address is in; UNKNOWN outside of the text."""
        at = bisect.bisect_right(self._addresses, address) - 1
        return self._names[at] if at >= 0 and address < self._end else UNKNOWN


def in_hypervisor(address: int) -> bool:
    """Whether an address is the hypervisor's, in whatever domain's address space."""
    return HYPERVISOR_BEGIN <= address < HYPERVISOR_END
