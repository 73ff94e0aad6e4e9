"""`python -m vcperf doctor`: everything that a campaign needs is tried before it begins."""

import subprocess
import sys

from helpers.checkout import TINY

from vcperf.commands.doctor import report
from vcperf.commands.doctor_checks import FAIL, WARN, Check


def doctor(checkout, *args):
    return subprocess.run(
        [sys.executable, "-m", "vcperf", "doctor", *args],
        cwd=checkout.folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout.folder / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_campaign_that_can_be_measured_is_looked_at_and_nothing_is_written(checkout):
    done = doctor(checkout, TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 blocks done, 12 to measure" in done.stdout
    assert "MiB free" in done.stdout and "netperf " in done.stdout
    assert list((checkout.folder / "results").rglob("*")) == []


def test_a_configuration_that_cannot_be_planned_is_one_line(checkout):
    (checkout.folder / "bad.yaml").write_text("blokcs: 3\n")
    done = doctor(checkout, "bad.yaml")
    assert done.returncode == 1 and done.stdout == ""
    assert "blokcs" in done.stderr and done.stderr.count("\n") == 1


def test_the_report_says_what_keeps_the_campaign_from_being_measured():
    checks = [
        Check("disk", "1 MiB free", FAIL, "make room"),
        Check("host vc00", "answers", WARN, "set its clock"),
        Check("python", "3.11"),
    ]
    assert report(checks).splitlines() == [
        "FAIL  disk       1 MiB free; make room",
        "warn  host vc00  answers; set its clock",
        "ok    python     3.11",
        "",
        "1 of 3 checks failed: mend these first",
    ]
    assert report(checks[1:]).splitlines()[-1].startswith("it can be measured; 1 of 2 checks")
    assert report(checks[2:]).splitlines()[-1] == "all is well"
