"""Whatever a file says, it is planned or refused in one printable line, within seconds."""

import os
import time
from functools import cache

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import DEFAULT
from helpers.schema_values import Values
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from vcperf import testbeds
from vcperf.config import campaign_file, claims_file, figures_file, files
from vcperf.errors import LONGEST_LINE, VcperfError
from vcperf.planning import planner
from vcperf.preparation import mesh_paths, testbed_file
from vcperf.preparation.hosts import host_of

CONFIG = ROOT / "config"
SCHEMAS = CONFIG / "schemas"
LONGEST_S = 5  # to read or refuse a file; less than a second for most
LONGEST_NAME = 255  # bytes of a file's or folder's name, on most file systems
FIGURES = files.read_yaml(CONFIG / "figures.yaml")
CLAIMS = files.read_yaml(CONFIG / "claims.yaml")
TESTBED = files.read_yaml(ROOT / "lab/testbed.yaml")


@pytest.fixture(autouse=True, scope="module")
def parsed_once():
    """The default's text and the schemas' are the same in every example."""
    load = cache(yaml.load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "load", load)
        yield


def tried(read):
    """What a reader made of its input; None when it refused that, in a line that can be printed."""
    try:
        made = read()
        event("accepted")
        return made
    except VcperfError as refused:
        line = str(refused)
        assert line.isprintable() and len(line) <= LONGEST_LINE, line
        return None


def plan_of(raw, sources):
    checked = mesh_paths.with_paths(campaign_file.checked(raw, sources), sources)
    for testbed in ("netns", "native"):
        plan = tried(
            lambda at=testbed: planner.plan(checked, host_of(at, tuple(range(8))), sources)
        )
        for cell in plan.cells if plan else ():
            assert len(cell.name.encode()) <= LONGEST_NAME


def as_file(content, folder, name):
    path = folder / name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8", errors="replace")
    return path


def check_campaign(raw):
    tried(lambda: plan_of(raw, [CONFIG / "config.yaml"]))


def check_overlay(folder, overlay):
    sources = [CONFIG / "config.yaml", as_file(overlay, folder, "campaign.yaml")]
    tried(lambda: plan_of(files.merged(sources), sources))


def check_figures(folder, content):
    path = as_file(content, folder, "figures.yaml")
    tried(lambda: figures_file.read(str(path), {}, ()))


def check_claims(folder, content):
    path = as_file(content, folder, "claims.yaml")
    tried(lambda: claims_file.read(str(path), DEFAULT, testbeds.NAMES))


def check_testbed(folder, content):
    path = as_file(content, folder, "testbed.yaml")
    profiles = {"xen": DEFAULT["profile"], "native": None}
    for testbed, profile in profiles.items():
        change = {"testbed": testbed, "testbed_file": str(path), "pingpong": None}
        checked = campaign_file.checked({**DEFAULT, **change, "profile": profile})
        tried(lambda config=checked: plan_by_ssh(mesh_paths.with_paths(config, [])))


def plan_by_ssh(config):
    planner.plan(config, host_of(config["testbed"], (0, 1), testbed_file.read(config)))


def check_text(folder, text):
    path = folder / "text.yaml"
    path.write_bytes(text)
    tried(lambda: files.read_yaml(path))
    tried(lambda: campaign_file.checked({}, [path]))


def mutations(base, schema, **options):
    values = Values(SCHEMAS / schema, **options)
    return st.one_of(values.mutated(base), values.mutated(base), values.at())


@st.composite
def damaged(draw, text):
    """The bytes of a file with some of them replaced, taken out or put in."""
    at = draw(st.integers(0, len(text)))
    parts = [b"&a ", b"*a", b"<<: ", b"!!", b"? ", b"\0", b"\xff", b"{", b"[", b"|\n", b"---\n"]
    put = draw(st.one_of(st.sampled_from(parts), st.binary(max_size=4)))
    return text[:at] + put + text[at + draw(st.integers(0, 8)) :]


# what is fuzzed -> (its values, its check)
FUZZED = {
    "campaign": (mutations(DEFAULT, "config.schema.yaml"), lambda _, raw: check_campaign(raw)),
    "overlay": (Values(SCHEMAS / "config.schema.yaml", overlay=True).at(), check_overlay),
    "figures": (mutations(FIGURES, "figures.schema.yaml"), check_figures),
    "claims": (mutations(CLAIMS, "claims.schema.yaml"), check_claims),
    "testbed": (mutations(TESTBED, "testbed.schema.yaml"), check_testbed),
    "text": (damaged((ROOT / "tests/config/tiny.yaml").read_bytes()), check_text),
}


def fuzz(name, folder, examples):
    values, check = FUZZED[name]

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(values)
    def run(value):
        # CPU time: the machine may have other work.
        started = time.process_time()
        check(folder, value)
        assert time.process_time() - started < LONGEST_S

    run()


@pytest.mark.parametrize("name", FUZZED)
def test_any_file_is_read_or_refused_in_a_line(name, tmp_path):
    fuzz(name, tmp_path, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUZZED)
def test_any_of_many_files_is_read_or_refused_in_a_line(name, tmp_path):
    fuzz(name, tmp_path, int(os.environ.get("VCPERF_EXAMPLES", "200")))
