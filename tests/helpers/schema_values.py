"""Configurations of every kind, made from a schema: valid, nearly valid and absurd ones."""

import copy
import datetime
import re
from functools import cache

from hypothesis import strategies as st

from vcperf.config import files

# Names that configurations use, so that what refers to one often finds it.
NAMES = (
    "config1 config2 config3 node0 node1 vc00 c000 c001 vc10 c010 c011 vc0 vc1 mpich openmpi intel"
    " A B netns native xen mine"
).split()
PATHS = ["vc00->c000", "vc00->c010", "c000->c001", "c000 -> c010", "c000->c011", "c000->c000"]
TEXTS = [
    *("", " ", "-rf", "$(reboot)", "a'b\"c`d", "$\\foo$", "..", "/", "yes", "null", "010", "1:30"),
    *("a\0b", "\x1b[31mred", "\u202eabc", "\ud800", "\ufffe", "a\nb", 5000 * "x", 300 * "\u00e9"),
]
NUMBERS = [0, -1, 1e308, -1e-308, float("inf"), float("nan"), 10**400, 2**63, 0.5, 1.0, True]
KEYS = st.sampled_from([*NAMES, *TEXTS, 1, True, None])
SELDOM = st.integers(0, 4).map(lambda n: n == 4)  # shrinks to False

absurd = st.recursive(
    st.one_of(
        st.sampled_from([None, True, False, *NUMBERS, *TEXTS, datetime.date(2026, 1, 31)]),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.binary(max_size=3),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=4,
)
odd_keys = st.dictionaries(KEYS, absurd, max_size=2)


class Values:
    """Strategies for what a schema allows, and now and then for what it does not.

    Args:
        schema_file: the schema, as YAML.
        overlay: whether configurations lie over another, so that no key is needed.
        oddness: each value is absurd in one of so many cases.
    """

    def __init__(self, schema_file, overlay=False, oddness=20):
        self.root = files.read_yaml(schema_file)
        self.overlay, self.oddness = overlay, oddness
        self.at = cache(self._at)

    def _at(self, pointer=""):
        """Values of the part of the schema that a pointer such as /properties/seed names."""
        # A choice by a number: shrinking makes values valid.
        choice = st.integers(1, self.oddness)
        return choice.flatmap(lambda n: absurd if n == self.oddness else self._valid(pointer))

    def part(self, pointer):
        """(pointer, schema) with references followed."""
        found = self.root
        for name in pointer.split("/")[1:]:
            found = found[int(name) if isinstance(found, list) else name]
        if "$ref" in found:
            return self.part(found["$ref"].removeprefix("#"))
        return pointer, found

    def inside(self, pointer, value):
        """(names that the schema lists in a mapping, pointers of what is in it by its key)."""
        pointer, part = self.part(pointer)
        for number, choice in enumerate(part.get("anyOf", ())):
            if choice.get("type") == ("array" if isinstance(value, list) else "object"):
                pointer, part = self.part(f"{pointer}/anyOf/{number}")
        # A mutation before may have put a list where the schema has a mapping.
        listed = {} if isinstance(value, list) else part.get("properties", {})

        def below(key):
            if isinstance(value, list):
                return f"{pointer}/items" if "items" in part else None
            if key in listed:
                return f"{pointer}/properties/{key}"
            return f"{pointer}/additionalProperties" if part.get("additionalProperties") else None

        return list(listed), below

    def _valid(self, pointer):
        pointer, part = self.part(pointer)
        if "const" in part:
            return st.just(part["const"])
        if "enum" in part:
            return st.sampled_from(part["enum"])
        if "anyOf" in part:
            return st.one_of(*(self.at(f"{pointer}/anyOf/{i}") for i in range(len(part["anyOf"]))))
        kinds = part.get("type", "string")  # a key's name has no other
        kinds = kinds if isinstance(kinds, list) else [kinds]
        return st.one_of(*(getattr(self, f"_{kind}")(pointer, part) for kind in kinds))

    def _boolean(self, pointer, part):
        return st.booleans()

    def _integer(self, pointer, part):
        low, high = part.get("minimum"), part.get("maximum")
        # Small ones more often: a host has few CPUs, a plan as many blocks.
        few = st.integers(low or 0, min(high or 9, (low or 0) + 4))
        return st.one_of(few, few, st.integers(low, high))

    def _number(self, pointer, part):
        low, high = part.get("minimum"), part.get("maximum", part.get("exclusiveMaximum"))
        return st.floats(low, high, exclude_max="exclusiveMaximum" in part)

    def _string(self, pointer, part):
        names = [*NAMES, *PATHS]
        if "pattern" in part:
            pattern = part["pattern"].replace("$", r"\Z")
            known = [name for name in names if re.search(pattern, name)]
            made = st.from_regex(pattern)
            return st.one_of(st.sampled_from(known), made) if known else made
        made = st.text("abc $\\_^{}\n\u00e4", min_size=part.get("minLength", 0), max_size=30)
        return st.one_of(st.sampled_from(names), made)

    def _array(self, pointer, part):
        low = part.get("minItems", 0)
        unique = repr if part.get("uniqueItems") else None
        items = self.at(f"{pointer}/items")
        return st.lists(items, min_size=low, max_size=low + 3, unique_by=unique)

    def _object(self, pointer, part):
        if part.get("additionalProperties"):
            names = (
                self._valid(f"{pointer}/propertyNames")
                if "propertyNames" in part
                else st.sampled_from(NAMES)
            )
            inner = self.at(f"{pointer}/additionalProperties")
            return st.dictionaries(names, inner, min_size=part.get("minProperties", 0), max_size=4)
        values = {key: self.at(f"{pointer}/properties/{key}") for key in part["properties"]}
        needed = [] if self.overlay else part.get("required", [])
        made = st.fixed_dictionaries(
            {key: values[key] for key in needed},
            optional={key: value for key, value in values.items() if key not in needed},
        )
        choice = st.integers(1, self.oddness)
        return st.builds(
            lambda made, odd, n: {**made, **odd} if n == self.oddness else made,
            made,
            odd_keys,
            choice,
        )

    def mutated(self, base, most=3):
        """A valid configuration with a few of its values replaced, added, or renamed."""

        @st.composite
        def made(draw):
            config = copy.deepcopy(base)
            for _ in range(draw(st.integers(1, most))):
                self._mutate(draw, config)
            return config

        return made()

    def _mutate(self, draw, inside):
        pointer = ""
        while True:
            known, below = self.inside(pointer, inside)
            there = list(range(len(inside))) if isinstance(inside, list) else list(inside)
            key = draw(st.sampled_from([*there, *(name for name in known if name not in there)]))
            deeper = inside[key] if key in there else None
            pointer = below(key)
            if not (deeper and isinstance(deeper, dict | list) and pointer) or draw(SELDOM):
                break
            inside = deeper
        if isinstance(inside, dict) and draw(SELDOM):
            inside[draw(st.sampled_from([*NAMES, *TEXTS]))] = inside.pop(key, None)
        else:
            inside[key] = draw(self.at(pointer) if pointer else absurd)
