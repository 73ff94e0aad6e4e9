"""What a rule's script imports is what the rule has as inputs."""

import json
import re
import subprocess
import sys

import pytest
from helpers.checkout import ROOT
from helpers.outputs import outputs_of

from vcperf import kinds
from vcperf.basics import doors
from vcperf.preparation import imported_modules

RULES = "".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
SCRIPTS = sorted(set(re.findall(r'"\.\./scripts/(\w+\.py)"', RULES)))
# Of the plan, all but how it is written down is in its digest, a param of the rule.
BY_DIGEST = {
    "write_plan.py": "vcperf/tables/plan.py",
    "write_mesh.py": "vcperf/planning/large_mesh.py",
}

LOADED = """
import json, runpy, sys
loaded = []
for script, *files in json.loads(sys.argv[1]):
    for known in [m for m in sys.modules if m.split(".")[0] == "vcperf"]:
        del sys.modules[known]
    runpy.run_path(f"scripts/{script}", run_name="imported")
    for file in files:
        __import__(file.removesuffix(".py").replace("/", "."))
    loaded.append([m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "vcperf"])
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """The scripts that rules run, each with the module that it finds by a name, if any."""
    outputs = outputs_of("mine", folder=tmp_path_factory.mktemp("outputs"))
    tables = (f"vcperf/tables/{table}.py" for table in kinds.KIND_OF_TABLE)
    summaries = {doors.source(summary.make) for summary in outputs.summaries}
    drawings = {doors.source(drawing.draw) for drawing in outputs.drawings.values()}
    found = [(script,) for script in SCRIPTS if script not in BY_DIGEST]
    found += [("make_table.py", table) for table in tables]
    found += [("summarise.py", summary) for summary in sorted(summaries)]
    return found + [("plot.py", drawing) for drawing in sorted(drawings)]


def test_what_a_script_loads_is_found(jobs, monkeypatch):
    monkeypatch.chdir(ROOT)
    argv = [sys.executable, "-c", LOADED, json.dumps(jobs)]
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "MPLCONFIGDIR": "/tmp"}
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert len(jobs) > 20
    for job, loaded in zip(jobs, json.loads(done.stdout), strict=True):
        files = {f"scripts/{path.split('/scripts/')[1]}" for path in loaded}
        assert files <= set(imported_modules.modules(*job)), job


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_rule_with_a_script_has_its_modules(script):
    for rule in re.split(r"(?m)^ *rule\b", RULES):
        if f'"../scripts/{script}"' in rule:
            name = BY_DIGEST.get(script, script)
            assert re.search(rf'modules=.*imported_modules\.modules\(\s*"{name}"', rule), (
                rule.split(":")[0]
            )


def test_tables_depend_on_no_measurement():
    """An edit of a testbed parses no record again."""
    for table in kinds.KIND_OF_TABLE:
        for path in imported_modules.modules("make_table.py", f"vcperf/tables/{table}.py"):
            assert not re.search("/(measure|testbeds|profilers|preparation)/", path), path


def test_imports_are_followed_wherever_they_stand(tmp_path, monkeypatch):
    files = {
        "run.py": "import os\nfrom vcperf.a import one\n",
        "vcperf/__init__.py": "",
        "vcperf/a/__init__.py": "",
        "vcperf/a/one.py": "def later():\n    from vcperf import two\n",
        "vcperf/two.py": "import vcperf.a.three as three\nfrom vcperf.a.one import later\n",
        "vcperf/a/three.py": "from vcperf.two import nothing\n",
        "vcperf/a/unused.py": "",
    }
    scripts = tmp_path / "scripts"
    for name, text in files.items():
        (scripts / name).parent.mkdir(parents=True, exist_ok=True)
        (scripts / name).write_text(text)
    monkeypatch.setattr(imported_modules, "SCRIPTS", scripts)
    expected = sorted(set(files) - {"run.py", "vcperf/a/unused.py"})
    # In a working directory that is not the checkout, as when another workflow uses this one.
    assert imported_modules.modules("run.py") == [f"{scripts}/{name}" for name in expected]
    monkeypatch.chdir(tmp_path)
    assert imported_modules.modules("run.py") == [f"scripts/{name}" for name in expected]
