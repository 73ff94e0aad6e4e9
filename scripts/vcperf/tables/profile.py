"""results/tables/profile.csv: one row per block, domain, application, image and symbol."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from vcperf.errors import VcperfError
from vcperf.tables.columns import PROFILE_CELL
from vcperf.tables.common import Content, Planned, field
from vcperf.tools.perf import COLUMNS as SAMPLED

COLUMNS = (*PROFILE_CELL, "block", *SAMPLED)
ORDER = COLUMNS
# The kernel, as perf names it and as opreport and the tables do.
KERNEL = {"[kernel.kallsyms]": "vmlinux", "[guest.kernel.kallsyms]": "vmlinux"}
NO_MODULES = ("[unknown]", "[vdso]", "[vsyscall]", "[heap]", "[stack]")
# Files with symbols of the kernel and of Xen have their version behind them.
_VERSIONED = re.compile(r"(vmlinux|xen-syms)-.+")


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; images have the names that opreport prints.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: of the blocks' table; nothing here.

    Raises VcperfError when the record has no such rows.
    """
    try:
        found = sampled(field(planned, content, "profile"))
        called = content.get("called", {})
        return [
            {
                **planned,
                **row,
                "domain": called.get(row["domain"], row["domain"]),
                "image": row["image"] and image_name(row["image"]),
            }
            for row in found
        ]
    except (ValueError, KeyError) as fault:  # in the text of older records
        raise VcperfError(f"{planned['record']}: no rows of a profile: {fault}") from None


def sampled(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of SAMPLED that a record holds under `profile`; a missing name is None.

    Args:
        found: `columns` and `rows`, a list of values per row; or, as records had it before,
            `rows` alone: CSV with a header.
    """
    if not isinstance(found["rows"], str):
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    types = {"samples": int, "percent": float}
    return [
        {name: types.get(name, str)(value) if value else None for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(found["rows"]))
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
