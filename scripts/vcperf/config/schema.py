"""Holds a configuration against its schema, and explains the first fault in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from vcperf.basics.digest import canonical
from vcperf.config.files import KeyPath, read_yaml, where
from vcperf.config.values import BOOLEANS, odd, shown
from vcperf.errors import VcperfError, suggest

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """In JSON Schema $ is the end; Python's lets a newline follow."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{shown(instance)} does not match {pattern}")


def _unique(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """jsonschema's own is quadratic for lists of mixed types."""
    seen = set()
    for item in instance if isinstance(instance, list) else ():
        if canonical(item) in seen:
            yield ValidationError(f"{shown(item)} is a duplicate; leave one out")
        seen.add(canonical(item))


def _without_nulls(keyword: str) -> Keyword:
    """A keyword of JSON Schema for which a key that is null is not there."""
    original = Draft202012Validator.VALIDATORS[keyword]

    def check(validator: Any, wanted: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, Mapping) and wanted is not False:  # unknown keys are, null or not
            instance = {key: value for key, value in instance.items() if value is not None}
        return original(validator, wanted, instance, schema) or ()

    return check


_OF_KEYS = "properties additionalProperties required dependentRequired minProperties".split()
_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, "uniqueItems": _unique, **{key: _without_nulls(key) for key in _OF_KEYS}},
)


def check(
    config: Any, schema_file: str | Path, sources: Sequence[str | Path], nulls: bool = False
) -> None:
    """Hold a configuration against its JSON Schema.

    Refuses unknown keys, keys that are no text, control characters, and numbers that are not
    finite.

    Args:
        config: the merged configuration.
        schema_file: the schema, as YAML.
        sources: the files it was merged from, lowest first; used to name the
            file that holds the faulty key.
        nulls: whether a key that the schema does not need may be null, as if it were not there.

    Raises VcperfError naming file, key and fault.
    """
    for key_path, fault in odd(config, nulls):
        raise VcperfError(f"{where(key_path, sources)}: {fault}")
    error = best_match(_Validator(read_yaml(schema_file)).iter_errors(config))
    if error is not None:
        key_path, fault = _explain(error)
        raise VcperfError(f"{where(key_path, sources)}: {fault}")


# JSON Schema's types, in the words of who writes YAML.
_TYPES = {
    "array": "a list, as in [a, b]",
    "object": "keys and their values, as in {a: 1}",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
}
# What is wrong where the schema's keyword does not hold, when there is no description.
_FAULTS = {
    "const": "{value} is not {wanted}",
    "enum": "{value} is not one of {wanted}",
    "type": "{value} is not {wanted}",
    "minimum": "{value} is less than the minimum of {wanted}",
    "maximum": "{value} is greater than the maximum of {wanted}",
    "exclusiveMinimum": "{value} is not greater than {wanted}",
    "exclusiveMaximum": "{value} is not less than {wanted}",
    "minLength": "{value} has fewer than {wanted} characters",
    "maxLength": "{value} has more than {wanted} characters",
    "minItems": "{value} has fewer than {wanted} entries",
    "maxItems": "{value} has more than {wanted} entries",
    "minProperties": "{value} has fewer than {wanted} entries",
    "maxProperties": "{value} has more than {wanted} entries",
}


def _explain(error: ValidationError) -> tuple[KeyPath, str]:
    path: KeyPath = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    found: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        unknown = next(key for key in found if key not in known)
        return (*path, unknown), f"unknown key{suggest(str(unknown), known)}"
    if error.validator == "required":
        missing = next(key for key in wanted if found.get(key) is None)
        if missing in found:
            return (*path, missing), "this cannot be null"
        return path, f"the key '{missing}' is missing"
    hint = schema.get("description")
    if error.validator in ("pattern", "anyOf") and hint:
        return path, f"{shown(found)} is not {hint}{_of_boolean(found)}"
    if error.validator == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        wanted = " or ".join(_TYPES[name] for name in types)
    elif error.validator == "enum":
        wanted = ", ".join(map(str, wanted))
    template = _FAULTS.get(str(error.validator))
    fault = template.format(value=shown(found), wanted=wanted) if template else error.message
    expected = f" (expected: {hint})" if hint and not fault.endswith(hint) else ""
    return path, f"{fault}{expected}{_of_boolean(found)}"


def _of_boolean(found: Any) -> str:
    return f"; {BOOLEANS}" if isinstance(found, bool) else ""
