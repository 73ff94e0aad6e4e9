"""results/tables/profile.csv: a row a block, domain, application, image and symbol."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from vcperf.tables.common import Content, Planned
from vcperf.tools.perf import COLUMNS as SAMPLED

CELL = (
    "testbed",
    "pinning",
    "path",
    "workload",
    "test",
    "message_bytes",
    "stack",
    "program",
    "load",
    "point",
)
ORDER = (*CELL, "block", *SAMPLED)
COLUMNS = (*CELL, "block", *SAMPLED)
# The kernel, as perf names it and as opreport and the tables do.
KERNEL = {"[kernel.kallsyms]": "vmlinux", "[guest.kernel.kallsyms]": "vmlinux"}
NO_MODULES = ("[unknown]", "[vdso]", "[vsyscall]", "[heap]", "[stack]")
# Files with symbols of the kernel and of Xen have their version behind them.
_VERSIONED = re.compile(r"(vmlinux|xen-syms)-.+")
# Of fewer samples, the 95 % interval of a share of one half is more than 5 points to either side.
LEAST_SAMPLES = 400


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; images have the names that opreport prints.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: of the blocks' table; nothing here.
    """
    cell = {column: planned.get(column, "") for column in CELL} | {"block": planned["block"]}
    return [
        {**cell, **row, "image": image_name(row["image"])}
        for row in csv.DictReader(io.StringIO(content["profile"]["rows"]))
    ]


def image_name(image: str) -> str:
    """An image as opreport names it, the kernel and Xen without their versions.

    >>> image_name("[kernel.kallsyms]"), image_name("[bridge]"), image_name("[vdso]")
    ('vmlinux', 'bridge', '[vdso]')
    >>> image_name("xen-syms-2.6.18-92.1.13.el5")
    'xen-syms'
    """
    if image in KERNEL:
        return KERNEL[image]
    versioned = _VERSIONED.fullmatch(image)
    if versioned:
        return versioned[1]
    is_module = image.startswith("[") and image.endswith("]") and image not in NO_MODULES
    return image[1:-1] if is_module else image
