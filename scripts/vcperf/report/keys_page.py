"""docs/reference/keys.md: every key of every configuration file, by their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vcperf.basics.checkout import ROOT
from vcperf.config.files import read_yaml
from vcperf.errors import VcperfError

SCHEMAS = Path(ROOT, "config/schemas")
# What stands for names that the user chooses, by the key whose mapping has them.
NAMES = {
    **{"nodes": "NODE", "domains": "DOMAIN", "stacks": "STACK"},
    **{"figures": "FIGURE", "claims": "CLAIM", "pinnings": "PINNING.NODE.DOMAIN"},
}
CONDITIONS = {"where", "of", "against"}  # column -> value: their meaning names the columns
# Schema -> the part of keys.yaml and the heading of its files; campaign files have more headings.
OTHERS = {
    "testbed": ("Testbed files", "The key `testbed_file` of a campaign names one."),
    "figures": ("Files of figures", "The key `figures` of a campaign names one."),
    "claims": ("Files of claims", "The key `claims` of a campaign names one."),
}
HEAD = """\
# Every key

Made from `config/schemas` by `make reference`; a test holds it to them. Do not edit it.
[Campaign files](../../config/README.md) says how files are read, and has examples. The default is
that of `config/config.yaml`. *needed*: a file that has the section must have the key.
*decides* says of which blocks a key decides the result. After a change of the key these are
measured again. Other keys measure nothing again.

"""
COLUMNS = """\
| key | values | default | decides | meaning |
|---|---|---|---|---|
"""


def page() -> str:
    """The page, as Markdown. Raises VcperfError for a key without a meaning in keys.yaml."""
    meanings = read_yaml(SCHEMAS / "keys.yaml")
    default = read_yaml(Path(ROOT, "config/config.yaml"))
    parts = [HEAD + "## Campaign files\n"]
    section = None
    for key, schema in keys_of("config"):
        found = key.partition(".")[0] if _is_section(key, schema) else "general"
        if found != section:
            section = found
            parts.append(f"\n### {section}\n\n{COLUMNS}")
        parts.append(_row(key, schema, meanings["campaign"], default))
    for name, (heading, introduction) in OTHERS.items():
        parts.append(f"\n## {heading}\n\n{introduction}\n\n{COLUMNS}")
        parts += [_row(key, schema, meanings[name], {}) for key, schema in keys_of(name)]
    return "".join(parts)


def keys_of(name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The keys of a schema, those that are no sections first, as paths with dots.

    Args:
        name: config, testbed, figures or claims.

    Yields each with its part of the schema, in which references are followed, and with `needed`.
    """
    schema = read_yaml(SCHEMAS / f"{name}.schema.yaml")
    found = list(_walk(schema, schema, ""))
    yield from sorted(found, key=lambda one: _is_section(*one))


def _is_section(key: str, schema: Mapping[str, Any]) -> bool:
    return "." in key or schema.get("type") == "object"


def _walk(
    part: Mapping[str, Any], whole: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, its in part.get("properties", {}).items():
        schema = _followed(its, whole)
        yield f"{prefix}{key}", {**schema, "needed": key in part.get("required", ())}
        if key in CONDITIONS:
            continue
        yield from _walk(schema, whole, f"{prefix}{key}.")
        yield from _walk(schema.get("items", {}), whole, f"{prefix}{key}[].")
        each: Any = schema
        for _ in NAMES.get(key, "").split("."):
            each = each.get("additionalProperties") if isinstance(each, Mapping) else None
        if key in NAMES and isinstance(each, Mapping):
            for choice in (each, *each.get("anyOf", ())):
                yield from _walk(_followed(choice, whole), whole, f"{prefix}{key}.{NAMES[key]}.")


def _followed(part: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a schema with its reference followed, and those of its items."""
    found = dict(part)
    while "$ref" in found:
        found = {**whole["$defs"][found.pop("$ref").rpartition("/")[2]], **found}
    if "items" in found:
        found["items"] = _followed(found["items"], whole)
    return found


def _row(
    key: str,
    schema: Mapping[str, Any],
    meanings: Mapping[str, Mapping[str, str]],
    default: Mapping[str, Any],
) -> str:
    if key not in meanings:
        raise VcperfError(
            f"config/schemas/keys.yaml: lacks {key}; say there what it means, then `make reference`"
        )
    its = meanings[key]
    usual = _default(key, default)
    if usual is None:
        usual = "*needed*" if schema["needed"] else ""
    cells = (f"`{key}`", _values(schema), usual, its.get("decides", ""))
    return "| " + " | ".join((*cells, its["means"])).replace("  ", " ") + " |\n"


def _values(schema: Mapping[str, Any]) -> str:
    """What a key can be, in words."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array" and "description" not in schema:
        return (
            f"list: {_values(schema['items'])}" if "properties" not in schema["items"] else "list"
        )
    if "description" in schema:
        return str(schema["description"]).replace("|", "\\|")
    if schema.get("type") == "string":
        return "text"
    if schema.get("type") == "integer":
        return f"{schema['minimum']} to {schema['maximum']}"
    return "section" if "properties" in schema else "names with their values"


def _default(key: str, default: Any) -> str | None:
    """The default configuration's value, empty where it is a section; None where it has none."""
    for name in key.split("."):
        if not isinstance(default, Mapping) or name not in default:
            return None
        default = default[name]
    if isinstance(default, Mapping):
        return ""
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`"
