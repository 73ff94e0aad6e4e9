"""What the column `platform` says."""

from __future__ import annotations

from vcperf.records.platform import EMULATED


def emulated(platform: object) -> bool:
    """Whether a platform's CPUs are emulated: ratios there mean little for real ones.

    >>> emulated("Xen 4.17.7, emulated by QEMU"), emulated("Xen 4.17.7")
    (True, False)
    """
    return EMULATED in str(platform)
