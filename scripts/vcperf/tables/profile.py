"""results/tables/profile.csv: a row a block, domain, application, image and symbol."""

from __future__ import annotations

import csv
import io
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
    """An image as opreport names it.

    >>> image_name("[kernel.kallsyms]"), image_name("[bridge]"), image_name("[vdso]")
    ('vmlinux', 'bridge', '[vdso]')
    """
    if image in KERNEL:
        return KERNEL[image]
    is_module = image.startswith("[") and image.endswith("]") and image not in NO_MODULES
    return image[1:-1] if is_module else image
