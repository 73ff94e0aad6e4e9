"""Links that several nodes share."""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def crossed(nodes: Collection[str], links: Mapping[str, Collection[str]]) -> list[str]:
    """The links that a measurement between some nodes crosses: those that have nodes of it on
    both sides.

    Args:
        nodes: the nodes that it uses.
        links: link -> the nodes behind it.

    >>> crossed(["a", "b"], {"uplink": ["a", "c"], "other": ["a", "b"]})
    ['uplink']
    """
    return [
        link for link, behind in links.items() if 0 < sum(n in behind for n in nodes) < len(nodes)
    ]
