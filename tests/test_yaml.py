"""Files are read whole or refused in one line, whatever YAML can say."""

import subprocess
import sys

import pytest
from conftest import ROOT
from test_config import DEFAULT

from vcperf import campaign, config
from vcperf.errors import VcperfError

BROKEN = {
    "an open list": (b"a: [1", "x.yaml:1: not valid YAML"),
    "an open mapping": (b"a: 1\nb: {", "x.yaml:"),
    "a list": (b"- 1", "x.yaml: holds a list"),
    "a word": (b"blocks", "x.yaml: holds one value"),
    "a key twice": (b"blocks: 1\nseed: 1\nblocks: 2", "x.yaml:3: .*'blocks' is there twice"),
    "a key twice inside": (b"a:\n  b: 1\n  b: 1\n", "x.yaml:3: .*'b' is there twice"),
    "a list in itself": (b"a: &x [*x]", "x.yaml:1: .*recursive"),
    "a mapping in itself": (b"a: &x {b: *x}", "x.yaml:1: .*recursive"),
    "lists without end": (b"[" * 5000, "x.yaml: .*nested too deep"),
    "another encoding": ("a: ä".encode("latin-1"), "x.yaml: not UTF-8"),
    "no text": (b"a: \0", "x.yaml: not valid YAML"),
    "a date that is none": (b"seed: 2009-13-45", "x.yaml: not valid YAML"),
    "a number that is none": (b"seed: !!int ''", "x.yaml: not valid YAML"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_files_are_named(tmp_path, fault):
    text, expected = BROKEN[fault]
    file = tmp_path / "x.yaml"
    file.write_bytes(text)
    with pytest.raises(VcperfError, match=expected) as refused:
        config.read_yaml(file)
    assert "\n" not in str(refused.value)


def test_a_file_is_looked_at_where_its_keys_are_merged_already(tmp_path):
    """Snakemake reads the files itself, and takes the last of two keys."""
    file = tmp_path / "x.yaml"
    file.write_text("blocks: 2\nblocks: 3\n")
    base = config.read_yaml(ROOT / DEFAULT)
    with pytest.raises(VcperfError, match=r"x\.yaml:2: .*twice"):
        campaign.checked({**base, "blocks": 3}, [ROOT / DEFAULT, file])


def test_aliases_and_merge_keys_are_yaml_too(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: *a\n")
    a = {"x": 1, "y": 2}
    assert config.read_yaml(file) == {"a": a, "b": {"x": 3, "y": 2}, "c": a}


def test_make_looks_at_a_campaign_file_before_snakemake_does(tmp_path):
    for bad, said in ((tmp_path, "Is a directory"), (tmp_path / "x.yaml", "holds a list")):
        if bad != tmp_path:
            bad.write_text("- 1\n")
        argv = [sys.executable, "-m", "vcperf.config", str(bad)]
        done = subprocess.run(
            argv, cwd=ROOT / "scripts", capture_output=True, text=True, check=False
        )
        assert done.returncode == 1 and done.stderr == f"{bad}: {done.stderr.split(': ', 1)[1]}"
        assert said in done.stderr and done.stderr.count("\n") == 1
    make = ["make", "-n", "figures", "CAMPAIGN=config"]
    planned = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert planned.index("-m vcperf.config config") < planned.index("--configfile config")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VcperfError, match=r"none\.yaml: No such file"):
        config.read_yaml(tmp_path / "none.yaml")
