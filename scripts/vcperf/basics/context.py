"""How blocks reach their hosts, which no record's key holds: the part of one testbed.

The context is one dict, handed to each block as JSON (see `vcperf.measure.block.main`). What is the
same for all blocks lies at its top, what a testbed file says below SITES, per testbed: two testbeds
may reach different hosts by one name.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SITES = "sites"


def of_testbed(context: Mapping[str, Any], testbed: str) -> dict[str, Any]:
    """What blocks on one testbed need to know.

    >>> of_testbed({"remeasure": 1, "sites": {"xen": {"ssh_config": "file"}}}, "xen")
    {'remeasure': 1, 'ssh_config': 'file'}
    """
    common = {key: value for key, value in context.items() if key != SITES}
    own: dict[str, Any] = context.get(SITES, {}).get(testbed, {})
    return common | own
