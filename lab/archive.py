"""Debian packages from the mirrors that this system's apt uses, and nothing installed.

apt gets a configuration, lists and a cache of its own; its status file is empty, so that
it names everything an image needs, whatever this system has.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from common import LabError, run, say

DAY_S = 24 * 3600
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = re.compile(r"'([^']*/debian(?:-security)?/*)/dists/([a-z0-9.-]+)/InRelease'")
INSTALLED = re.compile(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)", re.MULTILINE)


class Package(NamedTuple):
    """One package of the archive."""

    name: str
    version: str
    architecture: str

    @property
    def file(self) -> str:
        """As apt names it in its cache: an epoch's colon is written %3a."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_{self.architecture}.deb"


def sources(index_uris: str) -> list[str]:
    """Lines for sources.list: main and non-free of the suites that this system uses.

    Args:
        index_uris: output of `apt-get update --print-uris`.
    """
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    suites = sorted(set(SUITE.findall(index_uris)))
    return [f"deb {signed}{uri} {suite} main non-free" for uri, suite in suites]


def parse_simulation(output: str) -> list[Package]:
    """Packages that `apt-get --simulate install` would install, sorted.

    Lines of interest: `Inst bash (5.2.15-2+b7 Debian:12.9/stable [amd64])`.
    """
    return sorted(Package(*match) for match in INSTALLED.findall(output))


class Archive:
    """The archive as apt sees it from a folder of its own.

    Args:
        folder: keeps apt's lists and packages from one time to the next.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("lists/partial", "archives/partial", "etc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()

    def refresh(self) -> None:
        """Ask the archive for its present versions, once a day; without an answer keep what
        is known.

        Raises:
            LabError: no answer, and nothing known.
        """
        listed = self.folder / "sources.list"
        if listed.is_file() and time.time() - listed.stat().st_mtime < DAY_S:
            return
        try:
            output = run(["apt-get", "update", "--print-uris"], "asking apt for its mirrors")
            lines = sources(output)
            if not lines:
                raise LabError("apt's configuration names no Debian mirror; the lab needs one")
            # apt reads it, so it is there before; its time stands for a whole answer.
            listed.write_text("\n".join(lines) + "\n")
            os.utime(listed, (0, 0))
            self._apt("update", "-o", "APT::Update::Error-Mode=any")
            os.utime(listed)
        except LabError as error:
            if not any(self.folder.glob("lists/*_Packages*")):
                raise
            say(f"the archive does not answer: going on with the versions known ({error})")

    def newest(self, pattern: str) -> str:
        """The package with the highest version number in its name.

        Args:
            pattern: regular expression of the whole name; its first group is the number.

        Raises:
            LabError: there is none.
        """
        names = self._cache("pkgnames").split()
        found = [match for name in names if (match := re.fullmatch(pattern, name))]
        if not found:
            raise LabError(f"the archive has no package {pattern}; Debian 12 or newer is needed")
        return max(found, key=lambda m: [int(n) for n in m[1].split(".")])[0]

    def kernel(self) -> str:
        """The package that linux-image-amd64 stands for."""
        output = self._cache("depends", "linux-image-amd64")
        match = re.search(r"Depends: (linux-image-\d\S*)", output)
        if not match:
            raise LabError("the archive does not say what linux-image-amd64 stands for", output)
        return match[1]

    def with_dependencies(self, names: list[str]) -> list[Package]:
        """The packages that installing `names` on nothing would install."""
        return parse_simulation(self._apt("install", "--simulate", *names))

    def alone(self, names: list[str]) -> list[Package]:
        """The packages `names`, nothing else."""
        shown = self._cache("show", "--no-all-versions", *names)
        fields = ("Package", "Version", "Architecture")
        found = []
        for paragraph in shown.strip().split("\n\n"):
            lines = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
            found.append(Package(*(lines[field] for field in fields)))
        return found

    def fetch(self, names: list[str], alone: list[str]) -> tuple[list[Path], list[Path]]:
        """Download the packages that are not here yet; those of earlier versions go.

        Args:
            names: with everything they depend on.
            alone: as they are.

        Returns:
            the package files of both.

        Raises:
            LabError: apt could not fetch one.
        """
        store = self.folder / "archives"
        files = [[store / p.file for p in self.with_dependencies(names)]]
        files.append([store / p.file for p in self.alone(alone)])
        self._apt("install", "--download-only", "-y", *names)
        absent = [name for name, file in zip(alone, files[1], strict=True) if not file.exists()]
        if absent:
            self._apt("download", *absent, cwd=store)
        kept = {*files[0], *files[1]}
        for path in set(store.glob("*.deb")) - kept:
            path.unlink()
        for path in sorted(kept):
            if not path.exists():
                raise LabError(f"fetching packages: {path.name} did not arrive")
        return files[0], files[1]

    def _options(self) -> list[str]:
        here = self.folder
        return [
            *("-o", f"Dir::Etc::SourceList={here}/sources.list"),
            *("-o", "Dir::Etc::SourceParts=/dev/null"),
            *("-o", f"Dir::State={here}"),
            *("-o", f"Dir::State::Lists={here}/lists"),
            *("-o", f"Dir::State::Status={here}/status"),
            *("-o", f"Dir::Cache={here}"),
            # Containers often switch these off: every command would then read all lists.
            *("-o", "Dir::Cache::pkgcache=pkgcache.bin"),
            *("-o", "Dir::Cache::srcpkgcache=srcpkgcache.bin"),
            *("-o", "APT::Sandbox::User=root"),
            *("-o", "APT::Install-Recommends=false"),
            *("-o", "APT::Architecture=amd64"),
            *("-o", "APT::Get::AllowUnauthenticated=false"),
        ]

    def _apt(self, *words: str, cwd: Path | None = None) -> str:
        return run(["apt-get", "-q", *self._options(), *words], f"apt-get {words[0]}", cwd=cwd)

    def _cache(self, *words: str) -> str:
        return run(["apt-cache", *self._options(), *words], f"apt-cache {words[0]}")
