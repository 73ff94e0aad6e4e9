"""The shape of JSON values: which fields there are and of which types, said in one place and
checked before any of them is used.

A shape is

    a Leaf          a plain value that passes its test
    {NAME: SHAPE}   an object with these fields, and maybe others; a NAME that ends in `?` may
                    be missing
    Each(SHAPE)     an object of any names, the values of one shape
    [SHAPE]         a list, the values of one shape
    (SHAPE, SHAPE)  either of them
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MOST = 1e15  # of a number: counts and nanoseconds stay far below
YEAR_10000_S = 253402300800  # seconds since 1970; datetime ends here


class Leaf:
    """A plain value.

    Args:
        words: what it is, for errors.
        test: whether a value is one.
    """

    def __init__(self, words: str, test: Callable[[Any], bool]) -> None:
        self.words, self.test = words, test


class Each:
    """An object of any names.

    Args:
        shape: of all its values.
    """

    def __init__(self, shape: Any) -> None:
        self.shape = shape


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -MOST <= value <= MOST


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()  # JSON can hold halves of characters, which no table can
    except UnicodeEncodeError:
        return False
    return True


TEXT = Leaf("text", _is_text)
NAME = Leaf("printable text", lambda value: isinstance(value, str) and value.isprintable())
NUMBER = Leaf("a number", _is_number)
COUNT = Leaf("a count", lambda value: type(value) is int and 0 <= value <= MOST)
POSITIVE = Leaf("a count above 0", lambda value: COUNT.test(value) and value > 0)
TRUTH = Leaf("true or false", lambda value: isinstance(value, bool))
NULL = Leaf("null", lambda value: value is None)
MOMENT = Leaf("a time", lambda value: _is_number(value) and 0 <= value < YEAR_10000_S)
DIGEST = Leaf(
    "a digest", lambda value: isinstance(value, str) and value.isascii() and value.isalnum()
)


def fault(value: Any, shape: Any, name: str = "") -> str:
    """The first place where a value is not of a shape, in words; empty when it is.

    >>> fault({"a": [1, "x"]}, {"a": [NUMBER]})
    'a[1] is not a number'
    >>> fault({"a": []}, {"a": [NUMBER], "b?": TEXT}), fault({}, {"a": TEXT})
    ('', 'a is missing')
    """
    if isinstance(shape, Leaf):
        return "" if shape.test(value) else _is_not(name, shape.words)
    if isinstance(shape, tuple):
        faults = [fault(value, one, name) for one in shape]
        return "" if "" in faults else faults[0]
    if isinstance(shape, list):
        return _fault_of_list(value, shape[0], name)
    return _fault_of_object(value, shape, name)


def _fault_of_list(value: Any, shape: Any, name: str) -> str:
    if not isinstance(value, list):
        return _is_not(name, "a list")
    return _first(fault(one, shape, f"{name}[{index}]") for index, one in enumerate(value))


def _fault_of_object(value: Any, shape: Any, name: str) -> str:
    if not isinstance(value, dict):
        return _is_not(name, "an object")
    if isinstance(shape, Each):
        return _first(fault(one, shape.shape, _below(name, key)) for key, one in value.items())
    return _first(_fault_of_field(value, field, one, name) for field, one in shape.items())


def _fault_of_field(value: dict[str, Any], field: str, shape: Any, name: str) -> str:
    key = field.removesuffix("?")
    if key in value:
        return fault(value[key], shape, _below(name, key))
    return "" if field.endswith("?") else f"{_below(name, key)} is missing"


def _below(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _is_not(name: str, words: str) -> str:
    return f"{name or 'it'} is not {words}"


def _first(faults: Iterable[str]) -> str:
    return next((found for found in faults if found), "")
