"""YAML as configuration files may use it: what it says is what its author sees."""

from __future__ import annotations

import re
from typing import Any

import yaml

from vcperf.errors import quote

# Keys and values of a file, one behind an alias counted wherever it is used. Ours have some
# hundred; PyYAML takes a second or two for so many.
MOST_VALUES = 20_000
LONGEST_NUMBER = 64  # characters


class Refused(yaml.MarkedYAMLError):
    """Valid YAML that a configuration file must not hold."""


# Composed here, as nodes are counted; parsed by libyaml, which takes a fifth of PyYAML's own time.
class Loader(yaml.composer.Composer, yaml.CSafeLoader):
    """YAML with unique keys and decimal numbers, in which nothing holds itself and aliases do
    not multiply."""

    def __init__(self, stream: Any) -> None:
        yaml.composer.Composer.__init__(self)
        yaml.CSafeLoader.__init__(self, stream)
        self.sizes: dict[int, int] = {}  # id of a node -> values in it, itself among them

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node, counted with all that is in it."""
        node: Any = super().compose_node(parent, index)
        if id(node) in self.sizes:  # an alias
            return node
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        if isinstance(node, yaml.MappingNode):
            inner = [one for pair in inner for one in pair]
        # What holds itself has no size yet; its construction is refused.
        size = self.sizes[id(node)] = 1 + sum(self.sizes.get(id(one), 1) for one in inner)
        if size > MOST_VALUES or len(self.sizes) > MOST_VALUES:
            fault = f"more than {MOST_VALUES} values, those behind an alias counted at each use"
            raise Refused(problem=fault, problem_mark=node.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A mapping without duplicate keys."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    fault = f"duplicate key {quote(key.value)}"
                    raise Refused(problem=fault, problem_mark=key.start_mark)
                seen.add(key.value)
        return node

    # Whole at once: SafeLoader's own fill a mapping or list later, so that it may hold itself.
    def construct_yaml_map(self, node: Any) -> Any:
        """Keys and values."""
        return self.construct_mapping(node, deep=True)

    def construct_yaml_seq(self, node: Any) -> Any:
        """A list."""
        return self.construct_sequence(node, deep=True)

    def construct_yaml_int(self, node: Any) -> Any:
        """A whole number, decimal or with a prefix that says what it is, such as 0x."""
        self._check_number(node)
        if re.match("[-+]?0_*[0-7]", node.value):
            self._refuse(node, "a number with a leading zero as octal; leave the zero out")
        return super().construct_yaml_int(node)

    def construct_yaml_float(self, node: Any) -> Any:
        """A number with a fraction or an exponent."""
        self._check_number(node)
        return super().construct_yaml_float(node)

    def construct_yaml_timestamp(self, node: Any) -> Any:
        """A date, which a tag may claim of any text."""
        if not self.timestamp_regexp.match(node.value):
            fault = f"{quote(node.value)} is no date, though its tag says so; leave the tag out"
            raise Refused(problem=fault, problem_mark=node.start_mark)
        return super().construct_yaml_timestamp(node)

    def _check_number(self, node: Any) -> None:
        if ":" in node.value:
            self._refuse(node, "a number with a colon as one of base 60; write it in base 10")
        if len(node.value) > LONGEST_NUMBER:  # Python refuses to print the longest
            self._refuse(node, "digits as a number; write fewer")

    def _refuse(self, node: Any, fault: str) -> None:
        fault = f"{quote(node.value)}: YAML reads {fault}, or use quotes where text is meant"
        raise Refused(problem=fault, problem_mark=node.start_mark)


for _kind in ("map", "seq", "int", "float", "timestamp"):
    Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", getattr(Loader, f"construct_yaml_{_kind}"))
