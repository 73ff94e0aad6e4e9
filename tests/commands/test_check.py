"""The command that reads configuration files before Snakemake does."""

import subprocess
import sys

from helpers.checkout import ROOT


def test_make_checks_a_campaign_file_before_snakemake_reads_it(tmp_path):
    for bad, said in ((tmp_path, "Is a directory"), (tmp_path / "x.yaml", "holds a list")):
        if bad != tmp_path:
            bad.write_text("- 1\n")
        argv = [sys.executable, "-m", "vcperf", "check", str(bad)]
        done = subprocess.run(
            argv, cwd=ROOT / "scripts", capture_output=True, text=True, check=False
        )
        assert done.returncode == 1 and done.stderr == f"{bad}: {done.stderr.split(': ', 1)[1]}"
        assert said in done.stderr and done.stderr.count("\n") == 1
    make = ["make", "-n", "figures", "CAMPAIGN=config"]
    planned = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert planned.index("-m vcperf check config") < planned.index("--configfile config")
