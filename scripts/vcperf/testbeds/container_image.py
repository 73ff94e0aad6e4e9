"""The image of the containers: this machine's own programs and the libraries that they need.

It is built once, without a registry, and kept in the checkout as the folder in which the engine
keeps its images. A block copies that folder, so that nothing of the block outlives it.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys

from vcperf.basics.checkout import ROOT
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import child, programs

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

KEPT = f"{ROOT}/.tools"  # in a folder of each engine
NAME = "localhost/vcperf"
NEEDED = ("sh", "sleep", "cat", "env")
# What kinds use, as far as it is there, what says how a domain's network is set,
# and the launch agent of MPI.
OPTIONAL = (
    *("netperf", "netserver", "iperf3", "taskset"),
    *("timeout", "ip", "ethtool", "grep", "sed", "hostname", "uname"),
    *("mkfifo", "rm", "tr", "ls", "mkdir"),
)
# Of programs that are bound into a container: MPI stacks and what is compiled with them.
LIBRARIES = (
    *("libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2"),
    *(
        "librt.so.1",
        "libutil.so.1",
        "libresolv.so.2",
        "libnss_files.so.2",
        "libexpat.so.1",
        "libffi.so.8",
    ),
)
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/nsswitch.conf": "hosts: files\n",
}
FOLDERS = ("dev", "proc", "sys", "tmp", "run", "root", "var", "dev/shm")
PYTHON = os.path.realpath(sys.executable)
LINKS = {"bin": "usr/bin", "sbin": "usr/bin", "usr/sbin": "bin", "usr/bin/python3": PYTHON}
PATIENCE_S = 60.0
LIBRARY_OF_PYTHON = os.path.dirname(os.__file__)
# What containers see of this machine, for reading only, as Python with its library is large. One
# with a folder of its own is seen whole; of the system's own, which is in the image, the library.
BOUND = (
    ROOT,
    os.path.realpath(f"{ROOT}/.tools"),  # which may be a link to another checkout's
    LIBRARY_OF_PYTHON if sys.base_prefix == "/usr" else sys.base_prefix,
)


def provide(into: str, load: Callable[[str, str], None], engine: str) -> str:
    """Put the engine's folder of images in place; build the image first if it is not there.

    Args:
        into: the folder; it does not exist yet.
        load: gives the engine, which keeps its images in `into`, a tar file and a name.
        engine: its name.

    Returns the image's name: its tag is a digest of its contents. Raises VcperfError when a
    program is missing.
    """
    import shutil

    kept_in = f"{KEPT}/{engine}"
    os.makedirs(kept_in, exist_ok=True)
    handle = os.open(kept_in, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # another campaign may build it at the same time
        tools = _tools()
        kept = _kept(kept_in, tools)
        if kept is None:
            return _build(kept_in, into, load, tools)
        shutil.copytree(f"{kept_in}/{kept['tag']}", into, symlinks=True)
        return f"{NAME}:{kept['tag']}"
    finally:
        os.close(handle)


def _build(kept_in: str, into: str, load: Callable[[str, str], None], tools: dict[str, str]) -> str:
    """Build the image and keep it; its name."""
    contents = _contents(tools)
    tag = _digest(contents)
    tar = f"{os.path.dirname(into)}/image.tar"
    _write_tar(tar, contents)
    load(tar, f"{NAME}:{tag}")
    os.unlink(tar)
    _keep(kept_in, into, tag, tools, contents)
    return f"{NAME}:{tag}"


def _tools() -> dict[str, str]:
    """Program -> where it is on this machine; Python is the one that runs this."""
    import shutil

    path = programs.search_path()
    found = {name: shutil.which(name, path=path) for name in (*NEEDED, *OPTIONAL)}
    absent = [name for name in NEEDED if not found[name]]
    if absent:
        raise VcperfError(f"image of the containers: not found: {', '.join(absent)}")
    # Where it really is: another checkout may have the same by a link.
    return {name: os.path.realpath(file) for name, file in found.items() if file}


def _kept(kept_in: str, tools: dict[str, str]) -> dict[str, Any] | None:
    """What is known of the image that is there; None when programs have changed since."""
    try:
        with open(f"{kept_in}/manifest.json", encoding="utf-8") as handle:
            known: dict[str, Any] = json.load(handle)
        same = known["tools"] == tools and known["python"] == [PYTHON, sys.version]
        same = same and all(_state(file) == state for file, state in known["files"].items())
        return known if same and os.path.isdir(f"{kept_in}/{known['tag']}") else None
    except (OSError, ValueError, KeyError):
        return None


def _state(file: str) -> list[int]:
    status = os.stat(file)
    return [status.st_size, status.st_mtime_ns]


def _keep(
    kept_in: str, made: str, tag: str, tools: dict[str, str], contents: dict[str, str]
) -> None:
    """Keep the engine's folder for later blocks, whole or not at all; an older one goes."""
    import shutil
    import tempfile

    from vcperf.basics import files

    partial = tempfile.mkdtemp(dir=kept_in, prefix=".partial-")
    shutil.copytree(made, f"{partial}/root", symlinks=True)
    shutil.rmtree(f"{kept_in}/{tag}", ignore_errors=True)
    os.rename(f"{partial}/root", f"{kept_in}/{tag}")
    known = {"tag": tag, "tools": tools, "python": [PYTHON, sys.version]}
    known["files"] = {file: _state(file) for file in contents.values()}
    with files.write_whole(f"{kept_in}/manifest.json") as handle:
        json.dump(known, handle)
    for name in os.listdir(kept_in):
        if name not in {tag, "manifest.json"}:
            shutil.rmtree(f"{kept_in}/{name}", ignore_errors=True)


def _contents(tools: dict[str, str]) -> dict[str, str]:
    """Path in the image -> file here: programs, libraries, and Python."""
    contents = {f"usr/bin/{name}": file for name, file in tools.items()}
    if not _is_bound(PYTHON):
        contents[PYTHON.lstrip("/")] = PYTHON
    status, listed, _ = child.run(["ldconfig", "-p"], PATIENCE_S)
    known = dict(_libraries(listed.splitlines())) if status == 0 else {}
    wanted = [known[name] for name in LIBRARIES if name in known]
    status, needed, errors = child.run(["ldd", PYTHON, *contents.values(), *wanted], PATIENCE_S)
    libraries = {*wanted, *(word for word in needed.split() if _is_library(word))}
    libraries = {file for file in libraries if not _is_bound(file)}
    if not libraries:
        raise VcperfError(f"image of the containers: ldd: {last_line(errors, f'status {status}')}")
    return contents | {file.lstrip("/"): file for file in sorted(libraries)}


def _is_bound(file: str) -> bool:
    return any(os.path.realpath(file).startswith(f"{folder}/") for folder in BOUND)


def _is_library(word: str) -> bool:
    """Of the words of ldd: ``libm.so.6 => /lib/libm.so.6 (0x7f)``, ``/lib64/ld.so (0x7f)``,
    and ``/usr/bin/sh:`` of a program asked for."""
    return word.startswith("/") and not word.endswith(":") and ".so" in word


def _libraries(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and file of each library of ``ldconfig -p``, the preferred last:
    ``libz.so.1 (libc6,x86-64) => /lib/libz.so.1``."""
    for line in reversed(list(lines)):
        name, arrow, file = line.strip().partition(" => ")
        if arrow:
            yield name.split()[0], file


def _digest(contents: dict[str, str]) -> str:
    """A tag: of every path, what it holds, and what is beside it."""
    import hashlib

    from vcperf.basics import digest

    parts = [json.dumps([FILES, FOLDERS, LINKS])]
    parts += [f"{path} {digest.file_digest(file).hex()}" for path, file in sorted(contents.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _write_tar(path: str, contents: dict[str, str]) -> None:
    """A root folder as a tar file: the same contents give the same file."""
    import io
    import tarfile

    with tarfile.open(path, "w") as tar:
        for name in FOLDERS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        for name, target in LINKS.items():
            if name in contents:
                continue
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
        for name, file in sorted(contents.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = os.stat(file).st_size, 0o755
            with open(file, "rb") as handle:
                tar.addfile(entry, handle)
