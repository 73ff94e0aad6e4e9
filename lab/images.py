"""The images: hypervisor, kernel, first root file system, and the root that all share.

One folder a set, named after the hash of what it is made from. A set is built beside its
place and renamed when it is whole.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import struct
import subprocess
from pathlib import Path

import cpio
from archive import Archive, Package
from common import CACHE, FILES, LAB, LabError, locked, need, run, step

COMMANDS = {"apt-get": "apt", "dpkg-deb": "dpkg", "tar": "tar", "depmod": "kmod"}
COMMANDS["mksquashfs"] = "squashfs-tools"
SHRUNK = ("usr/share/man", "usr/share/doc", "usr/share/locale", "usr/share/info")
KEPT_SETS = 2
# Of init, see there.
BUSYBOX = "mkdir mount ln hostname cat sed modprobe ip cp cut sleep".split()
MODULES = FILES / "modules.txt"
# /opt/STACK/bin/NAME -> what Debian calls it.
MPI = {
    "mpich": {"mpicc": "mpicc.mpich", "mpiexec": "mpiexec.hydra"},
    "openmpi": {"mpicc": "mpicc.openmpi", "mpiexec": "mpiexec.openmpi"},
}


def listed(path: Path) -> list[str]:
    """The entries of a list: lines without remarks."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def inputs(folder: Path = LAB) -> list[Path]:
    """The lab's own files that decide what is in an image, sorted."""
    files = [path for path in (folder / "files").rglob("*") if path.is_file()]
    return sorted([*files, folder / "images.py", folder / "cpio.py"])


def key(packages: list[Package], folder: Path = LAB) -> str:
    """The name of the set that these inputs make.

    Args:
        packages: every package in it.
        folder: the lab's own files.
    """
    digest = hashlib.sha256()
    for path in inputs(folder):
        content = path.read_bytes()
        mode = "x" if os.access(path, os.X_OK) else "-"
        digest.update(f"{path.relative_to(folder)} {mode} {len(content)}\n".encode() + content)
    for package in packages:
        digest.update(f"{package.file}\n".encode())
    return digest.hexdigest()[:16]


def ready(cache: Path = CACHE, name: str = "") -> Path | None:
    """The folder of a whole set, if it is there."""
    folder = cache / f"images-{name}"
    return folder if folder.is_dir() else None


def ensure() -> Path:
    """Build the images, unless those of the present inputs are there.

    Returns:
        their folder.

    Raises:
        LabError: a step failed; nothing half-built is left.
    """
    need(COMMANDS)
    with locked(CACHE):
        for leftover in CACHE.glob("partial-*"):
            shutil.rmtree(leftover)
        source = Archive(CACHE / "apt")
        with step("asked the archive for its versions"):
            source.refresh()
            hypervisor = source.newest(r"xen-hypervisor-(\d+(?:\.\d+)*)-amd64")
            utils = source.newest(r"xen-utils-(\d+(?:\.\d+)*)")
            names = [*listed(FILES / "packages.txt"), utils]
            alone = [source.kernel(), hypervisor, f"{hypervisor}-dbg"]
            name = key([*source.with_dependencies(names), *source.alone(alone)])
        found = ready(CACHE, name)
        if found:
            os.utime(found)
            return found
        partial = CACHE / f"partial-{name}"
        partial.mkdir()
        try:
            with step("fetched the packages"):
                tree_debs, own_debs = source.fetch(names, alone)
            _build(partial, tree_debs, own_debs)
            partial.rename(CACHE / f"images-{name}")
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        sets = sorted(CACHE.glob("images-*"), key=lambda path: path.stat().st_mtime)
        for old in sets[:-KEPT_SETS]:
            shutil.rmtree(old)
    return CACHE / f"images-{name}"


def _build(folder: Path, tree_debs: list[Path], own_debs: list[Path]) -> None:
    """Make every image from unpacked packages, in `folder`."""
    work = folder / "work"
    root, boot = work / "root", work / "boot"
    with step("unpacked the packages"):
        # As on any merged system, whatever the packages say.
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")
        for debs, place in ((tree_debs, root), (own_debs, boot)):
            place.mkdir(exist_ok=True)
            for deb in debs:
                unpack(deb, place)
    with step("made hypervisor, kernel and first root file system"):
        (hypervisor,) = (p for p in boot.glob("boot/xen-*.gz") if p.is_file())
        (folder / "xen").write_bytes(gzip.decompress(hypervisor.read_bytes()))
        # For profilers that look at the hypervisor from outside.
        (symbols,) = boot.glob("usr/lib/debug/boot/xen-syms-*.map")
        shutil.copyfile(symbols, folder / "xen-syms.map")
        (bzimage,) = boot.glob("boot/vmlinuz-*")
        shutil.copyfile(bzimage, folder / "vmlinuz")
        (folder / "vmlinux").write_bytes(plain_kernel(bzimage.read_bytes()))
        modules = Modules(boot, bzimage.name.split("-", 1)[1])
        _make_initrd(folder / "initrd.cpio", work / "initrd", root, modules)
    with step("made the root image"):
        _complete_root(root, folder, modules)
        run(
            [
                *("mksquashfs", root, folder / "root.img", "-all-root", "-noappend", "-no-xattrs"),
                # Reading it must cost nothing under emulation.
                *("-noI", "-noD", "-noF", "-noX", "-no-progress", "-quiet"),
            ],
            "making the root image",
        )
    shutil.rmtree(work)


def unpack(deb: Path, folder: Path) -> None:
    """Unpack a package, documentation aside; its scripts do not run."""
    left_out = [f"--exclude=./{name}" for name in SHRUNK]
    # The owner is the one who builds: mksquashfs makes it root.
    tar = ["tar", "-x", "-C", folder, "--keep-directory-symlink", "--no-same-owner", *left_out]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        done = subprocess.run(
            [str(word) for word in tar],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode or source.returncode:
        raise LabError(f"unpacking {deb.name} failed", done.stderr)


def plain_kernel(bzimage: bytes) -> bytes:
    """The kernel inside a bzImage, so that no emulated CPU has to decompress it.

    Source of the offsets: the kernel's Documentation/arch/x86/boot.rst (setup_sects,
    payload_offset, payload_length).

    Raises:
        LabError: it is packed with something else than xz.
    """
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    begin = (bzimage[0x1F1] + 1) * 512 + offset
    payload = bzimage[begin : begin + length]
    if not payload.startswith(b"\xfd7zXZ"):
        raise LabError("the archive's kernel is not packed with xz; the lab knows only that")
    # Four bytes with the size follow what xz made.
    return lzma.LZMADecompressor().decompress(payload)


class Modules:
    """The kernel's modules.

    Args:
        tree: folder of the unpacked kernel package.
        version: of the kernel.
    """

    def __init__(self, tree: Path, version: str) -> None:
        self.version = version
        self.folder = tree / "lib/modules" / version
        if not self.folder.is_dir():  # merged packages
            self.folder = tree / "usr/lib/modules" / version
        run(["depmod", "-b", self.folder.parents[2], version], "listing the kernel's modules")
        rows = (line.split(":") for line in (self.folder / "modules.dep").read_text().splitlines())
        self.needs = {path: rest.split() for path, rest in rows}
        self.paths = {_module_name(path): path for path in self.needs}
        builtin = (self.folder / "modules.builtin").read_text().splitlines()
        self.builtin = {_module_name(path) for path in builtin}

    def copy(self, names: list[str], tree: Path) -> None:
        """Copy modules and those that they need into a file system tree."""
        target = tree / "lib/modules" / self.version
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            wanted = name.replace("-", "_")
            if wanted in self.builtin:
                continue
            if wanted not in self.paths:
                raise LabError(f"the archive's kernel {self.version} has no module {name}")
            path = self.paths[wanted]
            for each in (path, *self.needs[path]):
                copy = target / each
                copy.parent.mkdir(parents=True, exist_ok=True)
                data = (self.folder / each).read_bytes()
                if copy.suffix == ".xz":
                    copy, data = copy.with_suffix(""), lzma.decompress(data)
                copy.write_bytes(data)
        for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            shutil.copyfile(self.folder / name, target / name)
        run(["depmod", "-b", tree, self.version], "listing the image's modules")


def _module_name(path: str) -> str:
    return path.rsplit("/", 1)[-1].partition(".ko")[0].replace("-", "_")


def _early_modules() -> list[str]:
    return [name for when, name in map(str.split, listed(MODULES)) if when == "early"]


def _make_initrd(target: Path, work: Path, root: Path, modules: Modules) -> None:
    """The first root file system: busybox, the early modules, and the init that goes on."""
    for name in ("bin", "dev", "proc", "sys", "image", "writable", "new", "own"):
        (work / name).mkdir(parents=True)
    shutil.copy(root / "usr/bin/busybox", work / "bin/busybox")
    needed = "sh mount modprobe switch_root mkdir sleep sed cat cp poweroff".split()
    has = run([work / "bin/busybox", "--list"], "asking busybox for its commands").split()
    if lacking := sorted({*needed, *BUSYBOX} - set(has)):
        raise LabError(f"the archive's busybox-static lacks {' '.join(lacking)}")
    for name in needed:
        (work / "bin" / name).symlink_to("busybox")
    modules.copy(_early_modules(), work)
    (work / "modules").write_text("\n".join(_early_modules()) + "\n")
    shutil.copy(FILES / "initrd-init", work / "init")
    target.write_bytes(cpio.archive(cpio.tree(work)))


def _complete_root(root: Path, folder: Path, modules: Modules) -> None:
    """What the packages' scripts would have made, and what is the lab's own."""
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        (root / link).unlink(missing_ok=True)
        (root / link).symlink_to(target)
    shutil.rmtree(root / "var/run", ignore_errors=True)
    (root / "var/run").symlink_to("/run")
    for name in ("dev", "proc", "sys", "run", "tmp", "boot", "root", "lab", "etc", "var/log"):
        (root / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(FILES / "etc", root / "etc", dirs_exist_ok=True)
    for name in ("init", "start-guests", "check-tools"):
        shutil.copy(FILES / name, root / "lab" / name)
    for name in ("block-read-only", "vif-plain"):
        shutil.copy(FILES / name, root / "etc/xen/scripts" / name)
    for stack, programs in MPI.items():
        folder_of_stack = root / "opt" / stack / "bin"
        folder_of_stack.mkdir(parents=True)
        for name, theirs in programs.items():
            if not os.path.lexists(root / "usr/bin" / theirs):
                raise LabError(f"the archive's {stack} has no {theirs}")
            # Not a link: Open MPI's programs look at the name that they are called by.
            (folder_of_stack / name).write_text(f'#!/bin/sh\nexec /usr/bin/{theirs} "$@"\n')
            (folder_of_stack / name).chmod(0o755)
    (root / "lab/busybox").mkdir()
    for name in BUSYBOX:
        (root / "lab/busybox" / name).symlink_to("/usr/bin/busybox")
    shutil.copy(MODULES, root / "lab/modules")
    modules.copy([line.split()[1] for line in listed(MODULES)], root)
    for name in ("vmlinux", "initrd.cpio"):
        shutil.copyfile(folder / name, root / "boot" / name)
