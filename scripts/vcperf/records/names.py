"""The names of nodes and domains in a spec: labels that decide nothing.

What decides a result is what a domain does (it sends, it is rank 0), on which CPUs it is, and how
it is reached. So a spec has a form without names, in an order that follows from these. Names that a
toolstack or ssh knows are part of this form: they stand beside the labels.

Needs little of the standard library: a block imports it.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Spec = Mapping[str, Any]

# Fields whose values are names that others gave.
_REAL = ("ssh", "toolstack", "uri", "host")
# Fields of a node that say something of its domains.
_OF_DOMAINS = ("xen", "guests", "threads", "guest_options")
_NAMING = ("dom0", "domains", *_OF_DOMAINS)


def nameless(spec: Spec) -> dict[str, Any]:
    """What of a spec decides a result: two specs that differ in names alone have it in common.

    Args:
        spec: of any kind; the block's number is left out.

    Where a name stands in a place that is not known here, the names stay as they are.
    """
    shared, roles = _divided(spec)
    named = spec["nodes"].values()
    fields = [{key: v for key, v in node.items() if key not in _NAMING} for node in named]
    domains = {domain for node in named for domain in node["domains"]}
    elsewhere = {text for other in (shared, *fields) for text in _texts(other)}
    if elsewhere & {*spec["nodes"], *domains} or not domains.issuperset(roles):
        return {key: value for key, value in spec.items() if key != "block"}
    nodes = [_anonymous(node, roles) for node in named]
    return {**shared, "nodes": sorted(nodes, key=_text)}


def in_order(spec: Spec) -> dict[str, Any]:
    """The nodes of a spec, and the domains of each, in an order that no name decides, unless
    they are alike in all else."""
    _, roles = _divided(spec)
    found = {}
    for name, node in _sorted(spec["nodes"], lambda one: _anonymous(one, roles)):
        entries = {d: _domain(node, d, roles) for d in node["domains"]}
        domains = {d: node["domains"][d] for d, _ in _sorted(entries, lambda entry: entry)}
        found[name] = {**node, "domains": domains}
    return found


def places(spec: Spec) -> list[str]:
    """NODE/DOMAIN of all domains, in the order of `in_order`: those of two specs that differ in
    names alone belong together one by one."""
    return [f"{node}/{d}" for node, its in in_order(spec).items() for d in its["domains"]]


def renamed(old: list[str], new: list[str]) -> dict[str, str]:
    """Old name -> new one, of places, nodes and domains.

    Args:
        old, new: `places` of two specs that differ in names alone.

    >>> renamed(["a/b"], ["c/d"])
    {'a/b': 'c/d', 'a': 'c', 'b': 'd'}
    """
    names: dict[str, str] = {}
    for one, other in zip(old, new, strict=True):
        pairs = zip(one.split("/"), other.split("/"), strict=True)
        names |= {one: other, **dict(pairs)}
    return names


def _divided(spec: Spec) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What a spec says of no domain; and what it says of each one, its node aside."""
    shared = {key: value for key, value in spec.items() if key not in ("block", "nodes")}
    roles: dict[str, dict[str, Any]] = {}

    def note(domain: str, role: str, value: Any = True) -> None:
        roles.setdefault(domain, {})[role] = value

    for end in ("sender", "receiver"):
        if end in shared:
            note(shared.pop(end), end)
    for rank, domain in enumerate(shared.pop("ranks", ())):
        note(domain, "rank", rank)
    if "load" in shared:
        shared["load"] = load = dict(shared["load"])
        for rank, domain in enumerate(load.pop("ranks", ())):
            note(domain, "rank of the load", rank)
    for domain, end in shared.pop("ends", {}).items():
        note(domain, "end", end)
    program = shared.get("program", {})
    if {"folder", "digest"} <= set(program):  # what is in the file decides, not where it is
        shared["program"] = {key: value for key, value in program.items() if key != "folder"}
    if "passive" in shared.get("profiler", {}):
        shared["profiler"] = profiler = dict(shared["profiler"])
        for domain, kernel in profiler.pop("passive").items():
            note(domain, "passive", kernel)
    return shared, roles


def _anonymous(node: Spec, roles: Spec) -> dict[str, Any]:
    """A node without labels."""
    entries = [_domain(node, domain, roles) for domain in node["domains"]]
    fields = {key: value for key, value in node.items() if key not in _NAMING}
    return {**fields, "domains": sorted(entries, key=_text)}


def _domain(node: Spec, domain: str, roles: Spec) -> dict[str, Any]:
    """A domain without its label."""
    entry = {"vcpus": node["domains"][domain], "dom0": domain == node["dom0"]}
    entry |= {key: node[key][domain] for key in _OF_DOMAINS if domain in node.get(key, ())}
    return {**entry, **roles.get(domain, {})}


def _sorted(named: Mapping[str, Any], content: Any) -> list[tuple[str, Any]]:
    return sorted(named.items(), key=lambda item: (_text(content(item[1])), item[0]))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value but those of _REAL, keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in _REAL:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
