"""The image of the containers: built once, found again, and built anew after a change."""

import os
import shutil
import tarfile

import pytest

from vcperf.errors import VcperfError
from vcperf.testbeds import container_image
from vcperf.testbeds.container_image import FILES, NEEDED


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose programs are in one folder: copies of a small one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        shutil.copy(shutil.which("true"), programs / name)
    monkeypatch.setattr(container_image.programs, "search_path", lambda: str(programs))
    monkeypatch.setattr(container_image, "KEPT", str(tmp_path / "kept"))
    return programs


@pytest.fixture
def provide(tmp_path):
    """Provide the image as a block does; its name and whether it was built. What stands for the
    engine unpacks the tar file."""
    count = iter(range(10))

    def call():
        state, built = tmp_path / f"block{next(count)}", []
        state.mkdir()

        def load(tar, name):
            built.append(name)
            with tarfile.open(tar) as archive:
                archive.extractall(state / "root", filter="fully_trusted")

        name = container_image.provide(str(state / "root"), load, "engine")
        assert (state / "root/usr/bin/sleep").exists() and not (state / "image.tar").exists()
        return name, bool(built), state / "root"

    return call


def test_an_image_is_built_once_and_named_by_its_contents(machine, provide):
    first, built, root = provide()
    assert built
    assert (root / "etc/passwd").read_text() == FILES["etc/passwd"]
    assert (root / "bin/sh").exists(), "the folders that programs are looked for in"
    libraries = [name for _, _, names in os.walk(root) for name in names]
    assert any(name.startswith("libc.so") for name in libraries)
    again, built, _ = provide()
    assert not built and again == first


def test_a_program_that_has_changed_gives_another_image(machine, provide):
    first, *_ = provide()
    shutil.copy(shutil.which("false"), machine / "sleep")
    second, built, _ = provide()
    assert built and second != first
    kept = [
        name for name in os.listdir(f"{container_image.KEPT}/engine") if name != "manifest.json"
    ]
    assert kept == [second.split(":")[1]], "the older one is not kept"


def test_damage_to_what_is_kept_builds_it_again(machine, provide):
    first, *_ = provide()
    with open(f"{container_image.KEPT}/engine/manifest.json", "w", encoding="utf-8") as handle:
        handle.write("{")
    again, built, _ = provide()
    assert built and again == first


def test_a_program_that_is_missing_is_named(machine, provide):
    (machine / "sleep").unlink()
    with pytest.raises(VcperfError, match="image of the containers: not found: sleep"):
        provide()
