"""Dry runs by Snakemake, in copies of a process that has loaded it and nothing of ours: most of
what a dry run costs is to load Snakemake."""

import atexit
import json
import subprocess
import sys
import tempfile
from functools import cache

SERVER = """
import json, os, sys, traceback
import snakemake.cli

for line in sys.stdin:
    run = json.loads(line)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.chdir(run["folder"])
            os.environ.clear()
            os.environ.update(run["environment"])
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, name in enumerate(run["outputs"], 1):
                os.dup2(os.open(name, os.O_WRONLY), number)
            sys.argv = run["argv"]
            snakemake.cli.main()
        except SystemExit as end:
            code = end.code or 0
            if isinstance(code, str):  # as Python itself would
                print(code, file=sys.stderr)
                code = 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@cache
def _server() -> subprocess.Popen:
    pipe = subprocess.PIPE
    started = subprocess.Popen([sys.executable, "-c", SERVER], stdin=pipe, stdout=pipe, text=True)
    atexit.register(started.kill)
    return started


def run(argv: list[str], folder, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Run Snakemake to its end; both outputs as text."""
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        asked = {
            "argv": argv,
            "folder": str(folder),
            "environment": environment,
            "outputs": [out.name, err.name],
        }
        server = _server()
        print(json.dumps(asked), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(argv, code, out.read(), err.read())
