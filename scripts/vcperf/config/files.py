"""Reads configuration files, merges them, and names the file that sets a key."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from vcperf.basics.checkout import ROOT
from vcperf.config.loader import Loader, Refused
from vcperf.errors import VcperfError, quote

Config = dict[str, Any]
KeyPath = tuple[str | int, ...]
MISSING = object()


LARGEST = 10**6  # bytes of a file: PyYAML reads that in a second


def read_yaml(path: str | Path) -> Config:
    """The content of one YAML file: keys and their values; an empty file has none.

    Raises VcperfError naming the file, line and fault.
    """
    try:
        with open(path, "rb") as handle:
            raw = handle.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise VcperfError(f"{path}: larger than 1 MB, which no configuration file needs")
        content = Loader(raw.decode()).get_single_data()
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise VcperfError(f"{path}: not UTF-8 text ({error.reason}); save it as UTF-8") from None
    except (yaml.YAMLError, ValueError, LookupError) as error:  # a date or `!!int` that is none
        mark = getattr(error, "problem_mark", None)
        # The end of a file is on its last line, not on the one after it.
        line = f":{min(mark.line + 1, len(raw.splitlines()))}" if mark else ""
        fault = getattr(error, "problem", None) or str(error).splitlines()[0]
        what = "" if isinstance(error, Refused) else "not valid YAML: "
        raise VcperfError(f"{path}{line}: {what}{fault}") from None
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


def merged(sources: Iterable[str | Path]) -> Config:
    """Configuration files laid over one another, the first lowest. Raises VcperfError."""
    config: Config = {}
    for source in sources:
        config = merge(config, read_yaml(source))
    return config


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


def named_file(
    config: Mapping[str, Any], key: str | KeyPath, sources: Sequence[str | Path]
) -> Path:
    """The file that a key of a checked configuration names, or a key path.

    Raises VcperfError naming file and key when there is none.
    """
    key_path = (key,) if isinstance(key, str) else key
    name = at(config, key_path)
    # Of a module of another workflow, files of this checkout as well.
    for path in (name, os.path.join(ROOT, name)):
        if os.path.isfile(path):  # False for a path that no file can have, too
            return Path(path)
    raise VcperfError(
        f"{where(key_path, sources)}: there is no file {quote(name)}{_neighbour(name)}"
    )


def _neighbour(path: str) -> str:
    """A hint at a file beside it with a name that is close; empty without one."""
    folder, name = os.path.split(path)
    try:
        close = difflib.get_close_matches(name, os.listdir(folder or "."), n=1, cutoff=0.8)
    except (OSError, ValueError):
        return ""
    return f", did you mean '{os.path.join(folder, close[0])}'?" if close else ""


def where(key_path: KeyPath, sources: Iterable[str | Path]) -> str:
    """Name a key and the uppermost file that sets it: ``config/config.yaml: a.b[2]``.

    A key that no file sets is one from the command line.
    """
    key = ""
    for part in key_path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    contents = [(file, read_yaml(file)) for file in sources]
    for depth in range(len(key_path), 0, -1):
        for file, content in reversed(contents):
            if at(content, key_path[:depth]) is not MISSING:
                return f"{file}: {key}"
        if depth == len(key_path) == 1:
            return f"--config: {key}"
    return ": ".join([*(str(file) for file, _ in contents[:1]), *([key] if key else [])])


def at(content: Any, key_path: Iterable[str | int]) -> Any:
    """What a configuration has below a key path; MISSING when it does not set that."""
    for part in key_path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return content
