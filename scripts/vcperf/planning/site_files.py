"""What a site's own files on this host are, for specs."""

from __future__ import annotations

import contextlib
import functools
import os
import re

from vcperf.basics import digest

LONGEST_SCRIPT = 64 * 1024  # bytes; a library is longer
# Commands of GNU ld that name files, ld's manual, "File Commands".
_FILES = re.compile(r"\b(?:INPUT|GROUP)\s*\(((?:[^()]|\([^()]*\))*)\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@functools.cache
def content(*files: str) -> dict[str, str]:
    """A digest of files of this host: another stack in the same folder is measured again. Of hosts
    reached by ssh the record alone tells, see `vcperf.measure.pingpong`.

    Args:
        files: programs and libraries. Of a library that is a linker script, the files that it
            names count as well.

    Returns it as `digest`; nothing where no file is there: their blocks will say so.
    """
    found = []
    for file in dict.fromkeys(each for named in files for each in _behind(named)):
        with contextlib.suppress(OSError):
            found.append(digest.file_digest(file))
    return {"digest": digest.short(found)} if found else {}


def _behind(file: str) -> list[str]:
    """A file, then those that it names as a linker script, and so on."""
    found: list[str] = []
    ahead = [file]
    while ahead:
        found.append(ahead.pop(0))
        ahead += [one for one in _named(found[-1]) if one not in found and one not in ahead]
    return found


def _named(script: str) -> list[str]:
    """The files that a linker script names: beside it, unless with their folder."""
    try:
        if os.path.getsize(script) > LONGEST_SCRIPT:
            return []
        with open(script, encoding="ascii") as handle:
            text = _COMMENT.sub(" ", handle.read())
    except (OSError, ValueError):  # nothing that is there, or no text
        return []
    words = " ".join(_FILES.findall(text)).replace("AS_NEEDED", " ")
    names = re.sub(r"[(),\"]", " ", words).split()
    files = (f"lib{name[2:]}.so" if name.startswith("-l") else name for name in names)
    return [os.path.join(os.path.dirname(script), file) for file in files]
