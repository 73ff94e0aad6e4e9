"""Reads configuration files, merges them and checks them whole against a schema."""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from vcperf.errors import VcperfError

Config = dict[str, Any]
KeyPath = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """YAML in which a key is once in its mapping, and nothing holds itself."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key.value}' is there twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return node


# Whole at once: SafeLoader's own fill a mapping or list later, so that it may hold itself.
def _mapping(loader: _Loader, node: Any) -> Any:
    return loader.construct_mapping(node, deep=True)


def _list(loader: _Loader, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _list)


def read_yaml(path: str | Path) -> Config:
    """The content of one YAML file: keys and their values; an empty file has none.

    Raises VcperfError naming the file, line and fault.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            content = yaml.load(handle, Loader=_Loader)
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise VcperfError(f"{path}: not UTF-8 text ({error.reason})") from None
    except (yaml.YAMLError, ValueError, LookupError) as error:  # a date or `!!int` that is none
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        fault = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise VcperfError(f"{path}{line}: not valid YAML: {fault}") from None
    except RecursionError:
        raise VcperfError(f"{path}: not valid YAML: nested too deep") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else "one value"
        raise VcperfError(f"{path}: holds {kind}; expected keys and their values, as in `a: 1`")
    return content


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> Config:
    """Lay one configuration over another, as Snakemake does with --configfile.

    Mappings merge key by key; anything else (lists too) replaces what was there.
    """
    merged = dict(base)
    for key, value in overlay.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


def plain(config: Any) -> Any:
    """A configuration without the entries set to null, which leave out what the default has.

    Whole numbers become integers: 1.0 keys the same measurement as 1.
    """
    if isinstance(config, Mapping):
        return {k: plain(v) for k, v in config.items() if v is not None}
    if isinstance(config, list):
        return [plain(item) for item in config]
    if isinstance(config, float) and config.is_integer():
        return int(config)
    return config


def _pattern(
    validator: Any, pattern: str, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """In JSON Schema $ is the end; Python's lets a newline follow."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}
)


def check(config: Any, schema_file: str | Path, sources: Sequence[str | Path]) -> None:
    """Hold a configuration against its JSON Schema.

    Refuses unknown keys, keys that are no text, and numbers that are not finite.

    Args:
        config: the merged configuration.
        schema_file: the schema, as YAML.
        sources: the files it was merged from, lowest first; used to name the
            file that holds the faulty key.

    Raises VcperfError naming file, key and fault.
    """
    for key_path, fault in _odd(config):
        raise VcperfError(f"{where(key_path, sources)}: {fault}")
    error = best_match(_Validator(read_yaml(schema_file)).iter_errors(config))
    if error is not None:
        key_path, fault = _explain(error, sources)
        raise VcperfError(f"{where(key_path, sources)}: {fault}")


def named_file(config: Mapping[str, Any], key: str, sources: Sequence[str | Path]) -> Path:
    """The file that a key of a checked configuration names.

    Raises VcperfError naming file and key when there is none.
    """
    path = Path(config[key])
    if not path.is_file():
        raise VcperfError(f"{where((key,), sources)}: {path}: there is no such file")
    return path


def _odd(value: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """What YAML can say and no configuration means, with the key that holds it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield at, f"the key {key} is not text; put it in quotes"
            yield from _odd(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _odd(inner, (*at, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield at, f"{value} is not a finite number"


def where(key_path: KeyPath, sources: Iterable[str | Path]) -> str:
    """Name a key and the uppermost file that sets it: ``config/config.yaml: a.b[2]``.

    A key that no file sets is one from the command line.
    """
    key = ""
    for part in key_path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    files = list(sources)
    for depth in range(len(key_path), 0, -1):
        for file in reversed(files):
            if _holds(read_yaml(file), key_path[:depth]):
                return f"{file}: {key}"
        if depth == len(key_path) == 1:
            return f"--config: {key}"
    return f"{files[0]}: {key}" if files and key else str(files[0] if files else key)


def _holds(content: Any, key_path: KeyPath) -> bool:
    for part in key_path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


# JSON Schema's types, in the words of who writes YAML.
_TYPES = {
    "array": "a list, as in [a, b]",
    "object": "keys and their values, as in {a: 1}",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
}


def _explain(error: ValidationError, sources: Sequence[str | Path]) -> tuple[KeyPath, str]:
    path: KeyPath = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        return (*path, unknown), f"unknown key{suggest(str(unknown), known)}"
    if error.validator == "required":
        found: Any = error.instance
        missing = next(key for key in wanted if key not in found)
        if any(_holds(read_yaml(file), (*path, missing)) for file in sources):
            return (*path, missing), "this cannot be null"
        return path, f"the key '{missing}' is missing"
    hint = schema.get("description")
    if error.validator in ("pattern", "anyOf") and hint:
        return path, f"{error.instance!r} is not {hint}"
    fault = error.message
    if error.validator == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        fault = f"{error.instance!r} is not {' or '.join(_TYPES[name] for name in types)}"
    return path, f"{fault}{f' (expected: {hint})' if hint and not fault.endswith(hint) else ''}"


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint that ends an error: the closest known word, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    if close:
        return f", did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""


if __name__ == "__main__":
    try:
        for file in sys.argv[1:]:
            read_yaml(file)
    except VcperfError as error:
        sys.exit(str(error))
