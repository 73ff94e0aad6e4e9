"""Reads configuration files, merges them and checks them whole against a schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from vcperf.errors import VcperfError

Config = dict[str, Any]
KeyPath = tuple[str | int, ...]


def read_yaml(path: str | Path) -> Any:
    """The content of one YAML file; an empty file is an empty mapping.

    Raises VcperfError naming the file, line and fault.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            content = yaml.safe_load(handle)
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise VcperfError(f"{path}: not UTF-8 text ({error.reason})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        fault = getattr(error, "problem", None) or error
        raise VcperfError(f"{path}{line}: not valid YAML: {fault}") from None
    return {} if content is None else content


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


def drop_nulls(config: Any) -> Any:
    """Remove mapping entries set to null: so a campaign leaves out what the default has."""
    if isinstance(config, Mapping):
        return {k: drop_nulls(v) for k, v in config.items() if v is not None}
    if isinstance(config, list):
        return [drop_nulls(item) for item in config]
    return config


def check(config: Any, schema_file: str | Path, sources: Sequence[str | Path]) -> None:
    """Hold a configuration against its JSON Schema, unknown keys refused.

    Args:
        config: the merged configuration.
        schema_file: the schema, as YAML.
        sources: the files it was merged from, lowest first; used to name the
            file that holds the faulty key.

    Raises VcperfError naming file, key and fault.
    """
    validator = Draft202012Validator(read_yaml(schema_file))
    error = best_match(validator.iter_errors(config))
    if error is not None:
        key_path, fault = _explain(error)
        raise VcperfError(f"{where(key_path, sources)}: {fault}")


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


def _explain(error: ValidationError) -> tuple[KeyPath, str]:
    path: KeyPath = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        return (*path, unknown), f"unknown key{suggest(str(unknown), known)}"
    hint = schema.get("description")
    if error.validator == "pattern" and hint:
        return path, f"{error.instance!r} is not {hint}"
    return path, f"{error.message}{f' (expected: {hint})' if hint else ''}"


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint that ends an error: the closest known word, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    if close:
        return f", did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""
