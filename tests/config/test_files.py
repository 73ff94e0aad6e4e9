"""Files are read whole or refused in one line, whatever YAML can say."""

import pytest
from helpers.config import DEFAULT, DEFAULT_FILE

from vcperf.config import campaign_file, claims_file, figures_file, files
from vcperf.errors import VcperfError
from vcperf.preparation import testbed_file

BROKEN = {
    "an open list": (b"a: [1", "x.yaml:1: not valid YAML"),
    "a date by its tag alone": (b"a: 1\nb: !!timestamp 9", "x.yaml:2: '9' is no date"),
    "an open mapping": (b"a: 1\nb: {", "x.yaml:"),
    "a list": (b"- 1", "x.yaml: holds a list"),
    "a word": (b"blocks", "x.yaml: holds one value"),
    "a key twice": (b"blocks: 1\nseed: 1\nblocks: 2", "x.yaml:3: duplicate key 'blocks'"),
    "a key twice inside": (b"a:\n  b: 1\n  b: 1\n", "x.yaml:3: duplicate key 'b'"),
    "a list in itself": (b"a: &x [*x]", "x.yaml:1: .*recursive"),
    "a mapping in itself": (b"a: &x {b: *x}", "x.yaml:1: .*recursive"),
    "lists without end": (b"[" * 5000, "x.yaml: .*nested too deep"),
    "another encoding": ("a: ä".encode("latin-1"), "x.yaml: not UTF-8"),
    "no text": (b"a: \0", "x.yaml: not valid YAML"),
    "a date that is none": (b"seed: 2009-13-45", "x.yaml: not valid YAML"),
    "a number that is none": (b"seed: !!int ''", "x.yaml: not valid YAML"),
    "an octal number": (b"blocks: 010", "x.yaml:1: '010': YAML reads a number with a leading zero"),
    "an octal name": (
        b"pinnings:\n  -007: {}",
        "x.yaml:2: '-007': YAML reads .* as octal; .* use quotes",
    ),
    "a base-60 number": (
        b"blocks: 1:30",
        "x.yaml:1: '1:30': YAML reads a number with a colon as one",
    ),
    "a base-60 fraction": (
        b"a: [1, 12:30:45.5]",
        "x.yaml:1: '12:30:45.5': YAML reads .* use quotes",
    ),
    "a number of many digits": (b"seed: " + 5000 * b"9", "x.yaml:1: '9+...': YAML reads digits"),
    "a key of many digits": (b"? 0x" + 5000 * b"f" + b"\n: 1", "x.yaml:1: '0xf+...': YAML reads"),
    "many values": (b"a: [" + 20001 * b"1," + b"]", "x.yaml:1: more than 20000 values"),
    "a large file": (b"a: " + 10**6 * b"x", "x.yaml: larger than 1 MB"),
}


def bomb(first: str, again: str) -> bytes:
    """Ten lines, each of which holds the one above it nine times."""
    lines = [f"a0: &a0 {first}"]
    for number in range(1, 10):
        above = [f"*a{number - 1}"] * 9
        lines.append(f"a{number}: &a{number} {again.format(*above, all=', '.join(above))}")
    return "\n".join(lines).encode()


BOMBS = {
    "lists": bomb("[x]", "[{all}]"),
    "mappings": bomb("{a: x}", "{{" + ", ".join(f"k{n}: {{{n}}}" for n in range(9)) + "}}"),
    "merge keys": bomb("{a: x}", "{{<<: [{all}], b: c}}"),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize(
    "read",
    [
        files.read_yaml,
        lambda path: figures_file.read(path, {}, ()),
        lambda path: claims_file.read(path, {}, ()),
        lambda path: testbed_file.read({"testbed": "xen", "testbed_file": path}),
        lambda path: campaign_file.checked({}, [path]),
    ],
    ids=["any", "figures", "claims", "testbed", "campaign"],
)
def test_aliases_that_multiply_are_refused(tmp_path, name, read):
    file = tmp_path / "x.yaml"
    file.write_bytes(BOMBS[name])
    assert len(BOMBS[name]) < 1000
    with pytest.raises(VcperfError, match=r"x.yaml:[56]: more than 20000 values, those behind an"):
        read(str(file))


def test_numbers_with_a_prefix_or_in_quotes_are_read(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("{a: 0x10, b: 0b11, c: 0, d: '010', e: '1:30', f: 0.5, g: -1_000}")
    read = {"a": 16, "b": 3, "c": 0, "d": "010", "e": "1:30", "f": 0.5, "g": -1000}
    assert files.read_yaml(file) == read


@pytest.mark.parametrize("key", ["figures", "claims", "testbed_file"])
@pytest.mark.parametrize("name", [300 * "x", 3000 * "x/", "a\0b", "."])
def test_a_name_that_no_file_can_have_is_refused(key, name):
    with pytest.raises(VcperfError, match=rf"--config: {key}: there is no file '") as refused:
        files.named_file({key: name}, key, [])
    assert len(str(refused.value)) < 200 and str(refused.value).isprintable()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_named_with_its_line_and_fault(tmp_path, fault):
    text, expected = BROKEN[fault]
    file = tmp_path / "x.yaml"
    file.write_bytes(text)
    with pytest.raises(VcperfError, match=expected) as refused:
        files.read_yaml(file)
    assert "\n" not in str(refused.value)


def test_a_duplicate_key_is_refused_though_snakemake_merged_the_files(tmp_path):
    """Snakemake reads the files itself, and takes the last of two keys."""
    file = tmp_path / "x.yaml"
    file.write_text("blocks: 2\nblocks: 3\n")
    with pytest.raises(VcperfError, match=r"x\.yaml:2: duplicate key"):
        campaign_file.checked({**DEFAULT, "blocks": 3}, [DEFAULT_FILE, file])


def test_aliases_and_merge_keys_are_yaml_too(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: *a\n")
    a = {"x": 1, "y": 2}
    assert files.read_yaml(file) == {"a": a, "b": {"x": 3, "y": 2}, "c": a}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VcperfError, match=r"none\.yaml: No such file"):
        files.read_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("mine-figurs.yaml", ", did you mean 'mine-figures.yaml'?"),
        ("sub/clams.yaml", ", did you mean 'sub/claims.yaml'?"),
        ("elsewhere/x.yaml", ""),
        ("far-from-all", ""),
    ],
)
def test_a_file_that_is_not_there_is_named_with_one_of_a_name_that_is_close(
    named, hint, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("mine-figures.yaml", "sub/claims.yaml"):
        (tmp_path / name).write_text("")
    with pytest.raises(VcperfError) as refused:
        files.named_file({"figures": named}, "figures", [])
    assert str(refused.value) == f"--config: figures: there is no file '{named}'{hint}"
