"""What a rule's script imports is what the rule has as inputs."""

import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT

from vcperf import imports, kinds

RULES = "".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
SCRIPTS = sorted(set(re.findall(r'"\.\./scripts/(\w+\.py)"', RULES)))
# Of the plan, all but how it is written down is in its digest, a param of the rule.
BY_DIGEST = "write_plan.py"

LOADED = """
import json, runpy, sys
loaded = {}
for name, script, module in json.loads(sys.argv[1]):
    for known in [m for m in sys.modules if m.split(".")[0] == "vcperf"]:
        del sys.modules[known]
    runpy.run_path(f"scripts/{script}", run_name="imported")
    if module:
        __import__(module)
    loaded[name] = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "vcperf"]
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def loaded():
    """Script or table -> the files of the package that Python loads for it."""
    asked = [(script, script, None) for script in SCRIPTS]
    asked += [(table, "make_table.py", f"vcperf.tables.{table}") for table in kinds.KIND_OF]
    argv = [sys.executable, "-c", LOADED, json.dumps(asked)]
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "MPLCONFIGDIR": "/tmp"}
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return {
        name: {str(ROOT / "scripts" / path.split("/scripts/")[1]) for path in paths}
        for name, paths in json.loads(done.stdout).items()
    }


def declared(*files):
    return {str(ROOT / path) for path in imports.modules(*files)}


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s != BY_DIGEST])
def test_what_a_script_loads_is_found(loaded, script):
    assert loaded[script] <= declared(script)


@pytest.mark.parametrize("table", kinds.KIND_OF)
def test_what_a_table_loads_is_found(loaded, table):
    assert loaded[table] <= declared("make_table.py", f"vcperf/tables/{table}.py")


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_rule_with_a_script_has_its_modules(script):
    for rule in re.split(r"(?m)^rule ", RULES):
        if f'"../scripts/{script}"' in rule:
            name = "vcperf/tables/plan.py" if script == BY_DIGEST else script
            assert re.search(rf'modules=.*imports\.modules\(\s*"{name}"', rule), rule.split(":")[0]


def test_tables_depend_on_no_measurement():
    """An edit of a testbed parses no record anew."""
    for table in kinds.KIND_OF:
        for path in imports.modules("make_table.py", f"vcperf/tables/{table}.py"):
            assert not re.search("/(measure|testbeds|kinds)/", path), path


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
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(imports, "SCRIPTS", tmp_path)
    expected = [f"scripts/{name}" for name in files if name not in ("run.py", "vcperf/a/unused.py")]
    assert imports.modules("run.py") == sorted(expected)
