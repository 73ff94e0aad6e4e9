"""What launchers and batch systems print around a report, for the filters of MPI programs."""

import pytest
from helpers.checkout import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf.tools import ep, imb, launcher, mpi, mpi4py_bench
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data"
REPORTS = {
    "IMB": (imb.parse, "imb/mpich-several.txt"),
    "IMB before 3.2": (imb.parse, "imb/3.0-PingPong.txt"),
    "EP": (ep.parse, "ep/npb-3.4-mpi.txt"),
    "EP of NPB-CPP": (ep.parse, "ep/npb-cpp-4.1-omp.txt"),
    "mpi4py": (mpi4py_bench.parse, "mpi4py/mpich.txt"),
}
each_report = pytest.mark.parametrize(
    ("parse", "file"), REPORTS.values(), ids=[name.replace(" ", "-") for name in REPORTS]
)
AROUND = (
    "[host1:20811] 1 more process has sent help message help-mpi-btl-base.txt / btl:no-nics\n",
    '[host1:20811] Set MCA parameter "orte_base_help_aggregate" to 0 to see all help / error'
    " messages\n",
    "[1700000000.123456] [host1:20811:0]     parser.c:1989 UCX  WARN  unused variable: UCX_FOO\n",
    "srun: job 4711 queued and waiting for resources\nsrun: job 4711 has been allocated\n",
    "WARNING: There was an error initializing an OpenFabrics device.\n\n  Local host: host1\n",
    "real\t0m3.214s\nuser\t0m5.880s\nsys\t0m0.402s\n",
    "3.21user 0.40system 0:03.61elapsed 99%CPU (0avgtext+0avgdata 10240maxresident)k\n",
    "\tMaximum resident set size (kbytes): 10240\n\tExit status: 0\n",
    "\x00\x00\n",
)
PREFIXES = (
    "[0] ",
    "[1,0]<stdout>:",
    "[1,0]<stdout>: ",
    "[0]<stdout>: ",
    "[1,0][host1:20811]<stdout>: ",
    "[prterun-host1-20811@1,0]<stdout>: ",
    "Sat Nov 28 22:53:00 2026[1,0]<stdout>:",
    "0: ",
    " 0: ",
)


def prefixed(text, prefix):
    return "".join(f"{prefix}{line}\n" for line in text.split("\n")[:-1])


@each_report
@pytest.mark.parametrize("words", AROUND)
def test_words_before_and_behind_a_report_mean_nothing(parse, file, words):
    text = (DATA / file).read_text()
    for around in (words + text, f"{text}{words}", f"{words}{text}\n{words}"):
        assert parse(around) == parse(text)


@each_report
def test_words_inside_a_report_are_refused(parse, file):
    lines = (DATA / file).read_text().splitlines(keepends=True)
    marks = ("[usec]", "|", " = 2^", "Time in", "Verification")  # of lines inside
    inside = [at for at, line in enumerate(lines) if any(mark in line for mark in marks)]
    for at in range(inside[0] + 1, inside[-1] + 1):
        with pytest.raises(Untrusted):
            parse("".join([*lines[:at], AROUND[0], *lines[at:]]))


@each_report
@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_same_rank_before_every_line_means_nothing(parse, file, prefix):
    text = (DATA / file).read_text()
    assert parse(prefixed(text, prefix)) == parse(text)
    cut = "".join(line.rstrip() + "\n" for line in prefixed(text, prefix).split("\n")[:-1])
    assert parse(cut) == parse(text)


@each_report
@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_has_no_rank_or_another_one_stands_outside_or_is_refused(parse, file, prefix):
    text = prefixed((DATA / file).read_text(), prefix)
    other = prefix.replace("0]", "1]").replace("0:", "1:") + "hello\n"
    assert parse(f"hello\n{other}{text}{other}{AROUND[5]}") == parse((DATA / file).read_text())
    lines = text.splitlines(keepends=True)
    middle = next(at for at, line in enumerate(lines) if "1024 " in line or "Counts" in line)
    for line in ("hello\n", other):
        with pytest.raises(Untrusted):
            parse("".join([*lines[:middle], line, *lines[middle:]]))


def test_times_in_a_prefix_may_differ():
    text = (DATA / "imb/mpich-PingPong.txt").read_text()
    lines = text.split("\n")[:-1]
    late = [f"[Sat Nov 28 22:53:{at % 60:02d} 2026]<stdout>: {x}\n" for at, x in enumerate(lines)]
    assert imb.parse("".join(late)) == imb.parse(text)


def test_a_prefix_of_other_lines_is_no_prefix_of_the_report():
    text = (DATA / "imb/intel-debug.txt").read_text()
    rows = imb.parse(text)
    lines = text.splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if "1024" in line)
    with pytest.raises(Untrusted, match="not a row"):
        imb.parse("".join([*lines[:at], f"[0] {lines[at]}", *lines[at + 1 :]]))
    assert launcher.without_rank_prefix(text, imb.TITLE) == text and len(rows) == 4


@given(
    st.lists(st.text("ab \r\x0b", max_size=5)),
    st.sampled_from(PREFIXES),
)
@settings(max_examples=50)
def test_removing_a_prefix_restores_the_text(lines, prefix):
    text = "".join(f"{line}\n" for line in ["title", *lines])
    assert launcher.without_rank_prefix(prefixed(text, prefix), "title") == text
    assert launcher.without_rank_prefix(text, "title") == text


@given(st.text("a \n\t"))
@settings(max_examples=200)
def test_lines_are_those_that_are_not_blank(text):
    found = [(launcher.number(text, at), line) for at, _, line in launcher.lines(text)]
    expected = [(at, line.split()) for at, line in enumerate(text.split("\n"), start=1)]
    assert [(at, line.split()) for at, line in found] == [x for x in expected if x[1]]
    numbers = [number for number, _ in found]
    gaps = [b - a > 1 for a, b in zip([0, *numbers], numbers, strict=False)]
    assert [blank for _, blank, _ in launcher.lines(text)] == gaps


def test_a_long_line_is_shortened_and_marked():
    ((_, _, line),) = launcher.lines("a" * 10_000 + " 1\n")
    assert line.endswith("a ...") and len(line) < 3000


@pytest.mark.parametrize(
    "words",
    [
        "=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES",
        "=   EXIT CODE: 9",
        "srun: error: host1: task 0: Killed",
        "slurmstepd: error: *** STEP 4711.0 ON host1 CANCELLED AT 2026-11-28 DUE TO TIME LIMIT ***",
        "mpirun noticed that process rank 1 with PID 20812 on node host1 exited on signal 9.",
        "prterun has exited due to process rank 0 with PID 0 on node vm calling",
        "[vm:00000] *** MPI_ERRORS_ARE_FATAL (processes in this communicator will now abort,",
        "Primary job terminated normally, but 1 process returned a non-zero exit code.",
        "=>> PBS: job killed: walltime 61 exceeded limit 60",
        "\tExit status: 137",
        "Exited with exit code 1.",
    ],
)
@each_report
def test_a_job_that_failed_is_refused_wherever_it_says_so(parse, file, words):
    text = (DATA / file).read_text()
    for around in (f"{words}\n{text}", f"{text}{words}\n"):
        with pytest.raises(Untrusted, match="the job failed"):
            parse(around)


@pytest.mark.parametrize("words", ["Exit status: 0", "exit code: 0", "prterun -n 2 ./ep", "exit"])
def test_a_job_that_ended_well_has_not_failed(words):
    assert not mpi.failure(f"{words}\n")
