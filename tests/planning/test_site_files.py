"""A site's own files are known by their content."""

import pytest

from vcperf.planning import site_files

SCRIPTS = {
    "beside it": "/* GNU ld script */\nINPUT(libmpi.so.40)\n",
    "with its folder": "OUTPUT_FORMAT(elf64-x86-64)\nGROUP ( {folder}/libmpi.so.40 )\n",
    "if it is needed": "GROUP ( /lib/none.so AS_NEEDED ( {folder}/libmpi.so.40 ) )",
    "by its short name": "INPUT(-lother, libc.so)",
    "by a second script": 'INPUT("second.so")',
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "second.so").write_text("INPUT(libmpi.so.40 second.so)")
    (tmp_path / "libmpi.so.40").write_bytes(b"\x7fELF\xff 4.0")
    (tmp_path / "libother.so").symlink_to("libmpi.so.40")
    return tmp_path


def digest_of(path):
    site_files.content.cache_clear()
    return site_files.content(str(path))


@pytest.mark.parametrize("named", SCRIPTS)
def test_a_library_behind_a_linker_script_counts(folder, named):
    library = folder / "libmpi.so"
    library.write_text(SCRIPTS[named].replace("{folder}", str(folder)))
    before = digest_of(library)
    assert before == digest_of(library)
    (folder / "libmpi.so.40").write_bytes(b"\x7fELF\xff 4.1")
    assert digest_of(library) != before


@pytest.mark.parametrize(
    "script", ["/* INPUT(libmpi.so.40) */", "SEARCH_DIR(/lib)", "\x7fELF INPUT(libmpi.so.40) \xff"]
)
def test_what_is_not_named_does_not_count(folder, script):
    library = folder / "libmpi.so"
    library.write_bytes(script.encode("latin-1"))
    before = digest_of(library)
    (folder / "libmpi.so.40").write_bytes(b"\x7fELF\xff 4.1")
    assert digest_of(library) == before


def test_a_library_that_is_none_has_the_digest_that_it_always_had(folder):
    """Records are kept by it."""
    library = folder / "libmpi.so.40"
    assert digest_of(library) == {"digest": "a4d894ddc9e7"}
    assert digest_of(folder / "missing.so") == {}
