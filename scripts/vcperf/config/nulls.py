"""Null, which switches off an entry of a lower file: the entry must be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vcperf.config.files import KeyPath, at, read_yaml, where
from vcperf.errors import VcperfError, suggest


def check(config: Mapping[str, Any], schema_file: Path, sources: Sequence[str | Path]) -> None:
    """Refuse a null whose name is free, such as a pinning's, where no file has that entry.

    Other names are the schema's: one of these may be null though no file sets it.

    Args:
        config: the merged configuration, valid but for such names.
        schema_file: its schema, as YAML.
        sources: the files it was merged from.

    Raises VcperfError naming file and key.
    """
    schema = read_yaml(schema_file)
    free = list(_free(schema, schema, config, ()))
    contents = [read_yaml(file) for file in sources] if free else []
    for *parent, name in free:
        known = {name for one in contents for name in _switched_on(at(one, parent))}
        if name not in known:
            fault = f"null switches off an entry of a lower file, and none has '{name}'"
            key = where((*parent, name), sources)
            raise VcperfError(f"{key}: {fault}{suggest(str(name), known)}")


def _free(schema: Any, root: Any, config: Mapping[str, Any], key: KeyPath) -> Iterator[KeyPath]:
    """The key paths of nulls whose names a schema does not list."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    # Where a value may also be no mapping, one of several schemas is that of mappings.
    schema = next((one for one in schema.get("anyOf", ()) if "properties" in one), schema)
    listed = schema.get("properties", {})
    for name, inner in config.items():
        if isinstance(inner, Mapping):
            below = listed.get(name, schema.get("additionalProperties"))
            yield from _free(below, root, inner, (*key, name))
        elif inner is None and name not in listed:
            yield (*key, name)


def _switched_on(value: Any) -> list[str]:
    """The names below a key of one file that are not null there."""
    if not isinstance(value, Mapping):
        return []
    return [name for name, inner in value.items() if inner is not None]
