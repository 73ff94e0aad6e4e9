"""EP's reports of other versions, and what in a report decides about the rest."""

import re

import pytest
from helpers.checkout import ROOT

from vcperf.tools import ep
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/ep"
THREADS = (DATA / "npb-2.3-threads.txt").read_text()
ABSOLUTE = (DATA / "npb-3.4.3-A.txt").read_text()
MPI = (DATA / "npb-3.4-mpi.txt").read_text()
CPP = (DATA / "npb-cpp-4.1-omp.txt").read_text()
FIELD = "\n Threads         =            8\n"


def one(text):
    (row,) = ep.parse(text)
    return row


def refused(text, fault):
    with pytest.raises(Untrusted, match=fault):
        ep.parse(text)


# -- how many processes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "label",
    ["Total threads", "Threads", "No. of threads", "Threads requested", "Avail threads"],
)
def test_threads_are_the_processes(label):
    text = THREADS.replace(" Threads         =", f" {label:15} =")
    assert one(text)["processes"] == 8
    for damaged in ("0", "-8", "eight", "8.5", "12345678", ""):
        refused(text.replace("            8", damaged), "a damaged field")


def test_threads_that_ran_count_before_those_that_were_there():
    more = f"{FIELD} Avail threads   =   16\n Request threads =  unset\n"
    warning = " Warning: Threads used differ from threads available\n"
    assert one(THREADS.replace(FIELD, more + warning))["processes"] == 8


def test_a_rate_of_each_thread_needs_the_number_that_ran():
    rate = " Mop/s/thread    =                     1.99\n Operation"
    assert one(THREADS.replace(" Operation", rate))["processes"] == 8
    refused(THREADS.replace(" Operation", rate.replace("1.99", "2.99")), "contradict 15.9 in all")
    for label in (None, "Avail threads"):
        text = THREADS.replace(FIELD, f"\n {label} = 8\n" if label else "\n")
        refused(text.replace(" Operation", rate), "a rate of each process, and no number")


def test_a_version_with_a_library_of_threads_needs_their_number():
    for library in ("OpenMP version", "FastFlow ver", "TBB version"):
        text = CPP.replace("OpenMP version", library)
        assert one(text)["processes"] == 4
        refused(re.sub(r" Total threads.*\n", "", text), "no number of threads")
    serial = re.sub(r" (Total threads|OpenMP version).*\n", "", CPP)
    assert one(serial)["processes"] == 1


def test_a_number_above_the_results_is_what_a_report_says_where_it_says_no_other():
    text = re.sub(r" (Total processes|Mop/s/process).*\n", "", MPI)
    assert one(text)["processes"] == 2
    assert one(re.sub(r" Active processes=.*\n", "", text))["processes"] == 2
    assert one((DATA / "npb-3.3-serial.txt").read_text())["processes"] == 1


def test_numbers_of_processes_that_contradict_each_other_are_refused():
    for label in ("Number of active processes:", "Active processes="):
        damaged = re.sub(rf"({re.escape(label)} +)2", r"\g<1>4", MPI)
        refused(damaged, "4 processes contradict 2 processes")
    refused(MPI.replace(" Iter", " Threads = 2\n Iter"), "processes and one of threads")


# -- labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [THREADS, ABSOLUTE, MPI, CPP], ids=["2.3", "3.4.3", "3.4", "cpp"])
@pytest.mark.parametrize(
    "field", [" Workers         = 4\n", " Thread count=  4\n", " MPI ranks = 4\n"]
)
def test_an_unknown_field_is_refused_anywhere_in_the_block(text, field):
    lines = text.splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if "Completed" in line) + 1
    last = next(at for at, line in enumerate(lines) if "Compile date" in line) + 1
    for at in range(first, last + 1):
        refused("".join([*lines[:at], field, *lines[at:]]), "an unknown field")


def test_an_option_of_the_compiler_may_have_any_name_and_no_figure():
    assert ep.parse(CPP.replace("    RAND ", "    CXXSTD       = c++14\n    RAND ")) == ep.parse(
        CPP
    )
    assert ep.parse(CPP.replace("    RAND ", "    MPI_VERSION  = 4\n    RAND ")) == ep.parse(CPP)
    refused(CPP.replace("    RAND ", "    Workers      = 4\n    RAND "), "an unknown field")


@pytest.mark.parametrize("text", [THREADS, ABSOLUTE, MPI, CPP], ids=["2.3", "3.4.3", "3.4", "cpp"])
def test_a_field_outside_of_its_run_is_refused(text):
    for line in re.findall(r"\n (\w.* (?:threads|processes|Threads|seconds) *=.*)", text):
        rest = text.replace(f" {line}\n", "", 1)
        refused(f"{line}\n{rest}", "before 'EP Benchmark Results'")
        refused(f"{text}\n{line}\n", "is there twice")
        refused(f"{rest}\n\n{line}\n", "outside of the result|no time|no number")


def test_a_class_that_npb_does_not_have_is_refused():
    refused(re.sub(r"(Class +=).*", r"\1 X", THREADS), "a damaged field: 'Class = X'")


# -- counts, sizes, times ----------------------------------------------------------------------


def test_npb_cpp_leaves_out_the_last_count():
    assert ep.parse(
        CPP.replace("  8              0\n", "  8              0\n  9    0\n")
    ) == ep.parse(CPP)
    refused(CPP.replace("  8              0\n", ""), "8 counts of 13176389 pairs, not 10")
    refused(CPP.replace("class_npb ", "Class     "), "9 counts of 13176389 pairs, not 10")


@pytest.mark.parametrize(
    ("printed", "fault"),
    [
        ("Size            =                536870912", "1073741824 random numbers contradict 2.28"),
        ("generated:       536870912", "1073741824 random numbers contradict 2.28"),
    ],
)
def test_random_numbers_are_two_per_pair(printed, fault):
    refused(ABSOLUTE.replace(printed, printed.replace("536870912", "1073741824")), fault)


def test_the_class_is_the_one_above_the_results():
    text = ABSOLUTE.replace("536870912\n Total", "536870912  (class A)\n Total")
    assert ep.parse(text) == ep.parse(ABSOLUTE)
    refused(text.replace("(class A)", "(class B)"), "class A contradicts class B")


def test_two_prints_of_one_time_differ_by_rounding_alone():
    for cpu, wall, sound in (
        ("1.904", "1.90", True),
        ("1.905", "1.91", True),
        ("1.904", "1.91", False),
        ("1.9040", "1.91", False),
    ):
        text = ABSOLUTE.replace("1.904", cpu).replace("  1.90\n", f"  {wall}\n")
        text = text.replace("282.56", f"{536.870912 / float(wall):.2f}")
        text = text.replace("70.64", f"{536.870912 / float(wall) / 4:.2f}")
        if sound:
            assert one(text)["time_s"] == float(wall)
        else:
            refused(text, "CPU Time .* contradicts 1.91 s")


# -- sums --------------------------------------------------------------------------------------


def with_sums(text, sx, sy, size):
    log_pairs = ep.LOG_PAIRS[size]
    text = re.sub(r"Sums = .*", f"Sums = {sx:25.15E}{sy:25.15E}", text)
    text = re.sub(r"536870912", str(2 ** (log_pairs + 1)), text)
    text = re.sub(r"(Class +=).*", rf"\1 {size}", text)
    text = text.replace("2^   28", f"2^ {log_pairs}")
    mops = 2.0 ** (log_pairs + 1) / 1.9e6
    return text.replace("282.56", f"{mops:.2f}").replace("70.64", f"{mops / 4:.2f}")


KINDS = [(size, sums) for kind in (ep._SUMS, ep._ABSOLUTE_SUMS) for size, sums in kind.items()]


@pytest.mark.parametrize(("size", "sums"), KINDS)
def test_sums_are_verified_in_each_kind_and_class(size, sums):
    sx, sy = sums
    assert one(with_sums(ABSOLUTE, sx, sy, size))["verified"] == "yes"
    for damaged in ((sx * (1 + 2e-8), sy), (sx, sy * (1 - 2e-8)), (-sx, sy), (0.0, sy)):
        refused(with_sums(ABSOLUTE, *damaged, size), "the sums are not those of class")


def test_sums_of_two_kinds_are_refused():
    for size in ep._SUMS:
        signed, absolute = ep._SUMS[size], ep._ABSOLUTE_SUMS[size]
        refused(with_sums(ABSOLUTE, signed[0], absolute[1], size), "the sums are not those")
        refused(with_sums(ABSOLUTE, absolute[0], signed[1], size), "the sums are not those")


def test_sums_of_no_class_may_be_anything_and_are_not_verified():
    text = (DATA / "npb-3.4-class-u.txt").read_text()
    zeros = re.sub(r"Sums = .*", "Sums =     0.000000000000000D+00    0.000000000000000D+00", text)
    row = one(zeros)
    assert (row["class"], row["sx"], row["sy"], row["verified"]) == ("U", 0.0, 0.0, "not performed")
    refused(zeros.replace("NOT PERFORMED", "SUCCESSFUL"), "the sums are not those of class U")
    for damaged in ("NaN", "Infinity", "*" * 22):
        refused(zeros.replace("0.000000000000000D+00", damaged), "a damaged field: 'Sums")


def test_a_rate_that_its_time_cannot_give_is_refused():
    for rate in ("283.90", "281.00", "28.26"):
        each = f"{float(rate) / 4:.2f}"
        text = ABSOLUTE.replace("282.56", rate).replace("70.64", each)
        refused(text, f"{float(rate)} Mop/s contradict 1.9 s")
