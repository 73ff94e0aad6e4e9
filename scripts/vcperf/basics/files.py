"""Files that are there whole or not at all. Needs the standard library alone."""

from __future__ import annotations

import contextlib
import os

from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@contextlib.contextmanager
def write_whole(path: str, mode: str = "w") -> Iterator[Any]:
    """A file that gets its name once it is written and on disk.

    Args:
        path: the file; its folder is made when it is missing.
        mode: w for text, wb for bytes.

    Raises VcperfError when the disk refuses. Whatever ends the writing, what was at `path`
    before stays then, and nothing else is left.
    """
    partial = f"{path}.{os.getpid()}.partial"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        try:
            with open(partial, mode, encoding=None if "b" in mode else "utf-8") as handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(partial, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(partial)
            raise
    except OSError as error:
        raise VcperfError(
            f"{path}: cannot be written: {error.strerror}; free space or fix the disk, and run"
            " again"
        ) from None
