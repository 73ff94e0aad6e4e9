"""The parser of perf script's samples: real ones, and properties that none may break."""

import io
import itertools
import os
import re
import subprocess
import sys
from collections import Counter

import pytest
from helpers.checkout import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import perf, perf_chunks, perf_commands, perf_samples, perf_stacks
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/perf"
OUTPUTS = sorted(DATA.glob("*.txt"))
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
TIMED = [file for file in SOUND if file.stem != "perf-record-p"]
# Printed by perf script of a recording in two network namespaces, as readlink told them.
NAMESPACES = (4026532177, 4026532246)


def filtered(text: bytes):
    """(status, stdout, stderr) of the filter as users run it."""
    done = subprocess.run(
        [sys.executable, "-m", "vcperf.tools.perf"],
        input=text,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("file", OUTPUTS, ids=lambda file: file.stem)
def test_real_output(file):
    status, out, err = filtered(file.read_bytes())
    if file in SOUND:
        assert (status, out) == (0, file.with_suffix(".csv").read_text())
        assert err == ("lost: 157 samples beside 256\n" if file.stem == "lost" else "")
    else:
        assert (status, out, err) == (1, "", file.with_suffix(".error").read_text())
        assert err.count("\n") == 1


def test_a_reader_that_wants_no_more_is_no_fault():
    text = "".join(sample(place=f"function_{number}+0x1 (/b)") for number in range(9000))
    with subprocess.Popen(
        [sys.executable, "-m", "vcperf.tools.perf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
    ) as reader:
        reader.stdout.close()
        reader.stdin.write(text.encode())
        reader.stdin.close()
        said = reader.stderr.read()
    assert (reader.returncode, said) == (0, b"")


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
def test_every_sample_is_counted_once(file):
    """Against a count that knows the lines' shape alone: headers by their time."""
    text = file.read_text()
    at = r"^(.*?\d)(?: +\[\d{3}\])? +\d+\.\d+:.* cpu-clock:"
    headers = re.findall(at, text, re.MULTILINE)
    idle = [header for header in headers if header.split()[-1].split("/")[0] == "0"]
    profile = perf.read(io.BytesIO(text.encode()))
    assert profile.samples == len(headers) - len(idle)
    assert sum(row["samples"] for row in profile.idle) == len(idle)
    assert sum(row["percent"] for row in profile.rows) == pytest.approx(100, abs=1e-3)
    apps = Counter(header.rsplit(None, 1)[0].strip() for header in headers if header not in idle)
    assert apps == sum((Counter({r["app"]: r["samples"]}) for r in profile.rows), Counter())


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
def test_output_cut_off_is_refused_or_shorter(file):
    text = file.read_bytes()[:6000]
    whole = Counter()
    for row in perf.read(io.BytesIO(file.read_bytes())).rows:
        whole[row["app"], row["image"], row["symbol"]] += row["samples"]
    for cut in range(len(text)):
        try:
            rows = perf.read(io.BytesIO(text[:cut])).rows
        except Untrusted:
            continue
        assert text[cut - 1 : cut] == b"\n"
        for row in rows:
            assert row["samples"] <= whole[row["app"], row["image"], row["symbol"]]


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
@pytest.mark.parametrize(
    "foreign", [b"perf: Segmentation fault\n", b"x 1/1 [000] 1.0: 5\n", b"\t\n"]
)
def test_a_foreign_line_is_refused(file, foreign):
    lines = file.read_bytes().splitlines(keepends=True)
    for at in (0, 1, 2, 3, 7, len(lines) // 2, len(lines)):
        with pytest.raises(Untrusted):
            perf.read(io.BytesIO(b"".join([*lines[:at], foreign, *lines[at:]])))


TIMES = itertools.count(1_000_000)  # microseconds: perf prints no sample twice


def sample(*, comm="netperf", pid=7, period=1000, event="cycles", place="send+0x5 (/lib/c.so)"):
    time = f"{next(TIMES) / 1e6:10.6f}"
    return f"{comm:>16s} {pid:5d}/{pid:<5d} [000] {time}: {period:10d} {event}:  7f00 {place}\n"


def samples_of(count, **parts):
    return "".join(sample(**parts) for _ in range(count))


@pytest.mark.parametrize(
    ("place", "symbol", "image"),
    [
        ("send+0x5 (/usr/lib/libc.so.6)", "send", "libc.so.6"),
        ("[unknown] (/usr/bin/netserver)", "[unknown]", "netserver"),
        ("[unknown] ([unknown])", "[unknown]", "[unknown]"),
        ("clock_gettime+0x7e ([vdso])", "clock_gettime", "[vdso]"),
        ("LazyCompile:~f a.js:1+0x10 (/tmp/perf-12.map)", "LazyCompile:~f a.js:1", "perf-12.map"),
        ("a::operator+(int) const+0x1 (/x/y (2)/z)", "a::operator+(int) const", "z"),
        ("f(int (*)())+0x1f (/memfd:x (deleted))", "f(int (*)())", "memfd:x (deleted)"),
        ("[unknown] (//anon)", "[unknown]", "//anon"),
    ],
)
def test_places(place, symbol, image):
    for text in (sample(place=place), sample(place=f"\n\t7f00 {place}\n").replace("7f00 \n", "\n")):
        (row,) = perf.parse(text)
        assert (row["symbol"], row["image"], row["app"]) == (symbol, image, "netperf")


@pytest.mark.parametrize("comm", ["my program with", "a 1/2 [000] b", "[x] y", ":-1", "cc1"])
def test_commands_with_blanks_and_brackets(comm):
    (row,) = perf.parse(sample(comm=comm))
    assert row["app"] == comm


def test_a_sample_without_a_stack_among_stacks():
    stack = "netperf 7/7 [000] 1.0: 10 cycles: \n\tff f+0x1 (/a)\n\tff g+0x1 (/b)\n\n"
    inlined = "netperf 7/7 [000] 1.0: 10 cycles: \n\tff h (inlined)\n\tff f+0x1 (/a)\n\n"
    none = "netperf 7/7 [000] 1.0: 10 cycles: \n\n"
    assert [(r["symbol"], r["samples"]) for r in perf.parse(stack + inlined)] == [("f", 2)]
    rows = perf.parse(stack + none + stack + inlined)
    assert [(r["symbol"], r["image"], r["samples"]) for r in rows] == [
        ("f", "a", 3),
        ("[unknown]", "[unknown]", 1),
    ]


def test_a_sample_is_worth_its_period():
    rows = perf.parse(samples_of(2, period=1) + sample(period=8, place="x+0x1 (/b)"))
    assert [(r["symbol"], r["samples"], r["percent"]) for r in rows] == [
        ("x", 1, 80.0),
        ("send", 2, 20.0),
    ]


def test_without_periods_each_sample_counts_the_same():
    """As perf before Linux 3.18 prints; a period that is missing among others is damage."""
    without = [sample(place=f"{name}+0x1 (/b)").replace(" 1000 ", " ") for name in "ffg"]
    assert [(r["symbol"], r["percent"]) for r in perf.parse("".join(without))] == [
        ("f", 66.666667),
        ("g", 33.333333),
    ]
    for text in (without[0] + sample(), samples_of(9) + without[0], without[0] + samples_of(9)):
        with pytest.raises(Untrusted, match="some samples have a period"):
            perf.parse(text)


@pytest.mark.parametrize(
    "place", ["send+0x5 (/lib/c.so)", "[unknown] (/a)", "f(int) (/a (deleted))"]
)
def test_a_lost_end_of_line_loses_no_sample(place):
    stack = "netperf 7/7 [000] 1.0: 10 cycles: \n\tff f+0x1 (/a)\n\tff g+0x1 (/b)\n\n"
    plain = samples_of(3, place=place)
    for text in (plain, plain.replace(" [000]", ""), stack * 3):
        for at in (index for index, letter in enumerate(text[:-1]) if letter == "\n"):
            with pytest.raises(Untrusted):
                perf.parse(text[:at] + text[at + 1 :])


@pytest.mark.parametrize(
    "note",
    ["sh 5/5 [000] 1.0: PERF_RECORD_COMM sh:5/5", "sh 5/5 [000] 1.0: PERF_RECORD_LOST lost 5"],
)
def test_a_note_that_a_sample_was_joined_to_is_refused(note):
    assert len(perf.parse(f"# cmdline : perf\n{note}\n{sample()}")) == 1
    with pytest.raises(Untrusted):
        perf.parse(f"# cmdline : perf{sample()}{sample()}")
    before = sample()[:-1] + note + "\n"
    for joined in (f"{note}{sample()}", f"{note}{sample()}{sample()}", before, sample() + before):
        with pytest.raises(Untrusted):
            perf.parse(joined)


def test_events_add_up_on_their_own():
    rows = perf.parse(sample(event="cycles:u") + samples_of(3, event="instructions"))
    assert [(r["event"], r["percent"]) for r in rows] == [("cycles:u", 100), ("instructions", 100)]


def test_idle_is_apart_and_domains_are_asked_for():
    text = samples_of(3, comm="swapper", pid=0) + sample(pid=7) + samples_of(2, pid=8)
    profile = perf.read(io.BytesIO(text.encode()), {7: "vc00", 8: "c000"}.get)
    assert [(r["domain"], r["samples"]) for r in profile.rows] == [("c000", 2), ("vc00", 1)]
    assert [(r["app"], r["samples"]) for r in profile.idle] == [("swapper", 3)]
    assert perf.parse(sample(comm="swapper", pid=0)) == []


@given(
    samples=st.lists(
        st.tuples(
            st.sampled_from(["netperf", "my prog", "a [b] c"]),
            st.integers(0, 3),
            st.integers(1, 10**9),
            st.sampled_from(["f", "g(int, int)", "operator+"]),
            st.integers(0, 2**20),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    ),
    chunk=st.integers(64, 4096),
)
def test_pieces_make_no_difference(samples, chunk):
    """Any mixture, read in pieces of any size, counts each sample once."""
    text, expected = "", Counter()
    for at, (comm, pid, period, symbol, offset, stacked) in enumerate(samples):
        place = f"{symbol if pid else HALTED}+0x{offset:x} (/lib/x)"
        frames = f"\n\t7f00 {place}\n\t7f01 main+0x1 (/bin/y)\n" if stacked else f"7f00 {place}"
        text += f"{comm} {pid}/{pid} [001] 2.{at:06}: {period} cycles: {frames}\n"
        if pid:
            expected[comm, symbol] += 1
    was, perf_chunks.CHUNK = perf_chunks.CHUNK, chunk
    try:
        rows = perf.parse(text)
    finally:
        perf_chunks.CHUNK = was
    found = Counter({(r["app"], r["symbol"]): r["samples"] for r in rows})
    assert found == expected


def test_a_command_called_as_a_comment_begins_is_counted():
    line = sample(comm="#", place="h] 2.5: 9 c: 7f z+0x1 (/b)").lstrip()
    assert {r["app"]: r["samples"] for r in perf.parse(line + sample())} == {"#": 1, "netperf": 1}


def totals(groups):
    """{(who, what): [samples, periods]}"""
    sums = {}
    for who, what, count, period in groups:
        was = sums.setdefault((who, what), [0, 0])
        was[0] += count
        was[1] += period
    return sums


def quick(text):
    """Samples by the quick way, and by the one that is for odd lines."""
    found = totals(perf_samples.Splitter().groups(io.BytesIO(text)))
    splitter = perf_samples.Splitter()
    splitter._patterns = lambda text: ()
    return found, totals(splitter.groups(io.BytesIO(text)))


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
def test_the_quick_way_is_taken_and_agrees_with_the_thorough_one(file, monkeypatch):
    found, thorough = quick(file.read_bytes())
    assert found == thorough
    monkeypatch.delattr(perf_samples.Splitter, "_one_by_one")
    assert totals(perf_samples.Splitter().groups(io.BytesIO(file.read_bytes()))) == found


NAMES = ["netperf", "x] 1.5: 7 y", "[0] 1.5: 7", "a\x1ab", "a 1/2 [000] b", "#", "swapper"]
HALTED = "default_idle"
odd_samples = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(-1, 3),
        st.sampled_from([66666, 66666, 66666, 7, 0]),
        st.sampled_from(["cycles", "cpu-clock:ppp", "sched:sched_switch"]),
        st.lists(
            st.tuples(
                st.sampled_from(
                    "f|g(int, int)|operator+|h] 2.5: 9 c: 7f z|[unknown]|default_idle|do_idle"
                    "|handle_softirqs|worker_thread".split("|")
                ),
                st.sampled_from(["/lib/x", "[kernel.kallsyms]", "inlined", "/a (deleted)"]),
            ),
            max_size=4,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def printed(samples):
    text = ""
    for at, (comm, pid, period, event, calls, stacked) in enumerate(samples):
        frames = [
            f"7f00 {symbol}{'' if symbol == '[unknown]' else '+0x1f'} ({image})"
            for symbol, image in calls
        ]
        if stacked or not frames:
            shown = "".join(f"\n\t {frame}" for frame in frames) + "\n"
        else:
            shown = frames[0]
        text += f"{comm} {pid}/{pid} [001] 2.{at:06}: {period:10d} {event}: {shown}\n"
    return text


@given(odd_samples)
def test_the_quick_way_agrees_with_the_thorough_one_whatever_the_names(samples):
    found, thorough = quick(printed(samples).encode())
    assert found == thorough
    assert sum(count for count, _ in found.values()) == len(samples)
    assert sum(period for _, period in found.values()) == sum(
        period for _, _, period, *_ in samples
    )


@given(odd_samples)
@settings(max_examples=300)
def test_counts_and_call_stacks_of_one_text_agree(samples):
    """Idle CPUs are in neither; each row's samples are those of the stacks with its leaf."""
    text = printed(samples).encode()
    counted = perf.read(io.BytesIO(text))
    profile, folded = perf_stacks.read(io.BytesIO(text))
    assert (counted.rows, counted.idle, counted.lost) == (profile.rows, profile.idle, profile.lost)
    assert counted.samples + sum(row["samples"] for row in counted.idle) == len(samples)
    leaves, rows = Counter(), Counter()
    for line in folded:
        stack, count = line.rsplit(" ", 1)
        app, *names = stack.split(";")
        leaves[app, names[-1] if names else "[unknown]"] += int(count)
    for row in profile.rows:
        leaf = row["symbol"]
        if leaf == "[unknown]":
            leaf = f"[{row['image'].strip('[]')}]"
        elsewhere = row["app"] == "[elsewhere]"  # its stacks are not printed
        rows[row["app"], "[unknown]" if elsewhere else leaf] += row["samples"]
    assert leaves == rows


# -- samples that are there twice ------------------------------------------------------------


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
def test_a_sample_that_comes_again_later_is_refused(file):
    blocks = re.split(r"(?<=\n\n)" if "\n\n" in file.read_text() else r"(?<=\n)", file.read_text())
    blocks = [block for block in blocks if "cpu-clock:" in block]
    for at in (0, len(blocks) // 3, len(blocks) - 3):
        again = [*blocks[: at + 2], blocks[at], *blocks[at + 2 :]]
        with pytest.raises(Untrusted, match="there twice"):
            perf.parse("".join(again))
    with pytest.raises(Untrusted, match="there twice"):
        perf.parse("".join(blocks) * 2)
    with pytest.raises(Untrusted, match=f"{len(blocks)} of {2 * len(blocks)} samples are there"):
        perf.parse("".join(block * 2 for block in blocks))


def test_one_time_on_two_cpus_or_of_two_events_is_sound():
    one = sample()
    text = one + one.replace("[000]", "[001]") + one.replace("cycles", "instructions")
    assert sum(row["samples"] for row in perf.parse(text)) == 3


def test_a_timer_may_expire_twice_in_a_microsecond():
    """As seen in recordings at 20 kHz, 8 times in a million samples."""
    twice = sample() * 2
    assert sum(row["samples"] for row in perf.parse(samples_of(5) + twice)) == 7


def test_copies_are_noticed_over_pieces(monkeypatch):
    monkeypatch.setattr(perf_chunks, "CHUNK", 500)
    lines = [sample() for _ in range(40)]
    assert sum(row["samples"] for row in perf.parse("".join(lines))) == 40
    for far in (10, 30):
        with pytest.raises(Untrusted):
            perf.parse("".join([*lines, lines[-far]]))


# -- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"x" * 10**7,
        b"(" * 10**7 + b"\n",
        sample(place="f" + " (" * 100_000).encode(),
        sample(place="f" + ")" * 100_000 + " (/a)x").encode(),
        sample(place="f" + "+0x1" * 60_000 + " (/a").encode(),
        sample(event="a:" * 60_000).encode() + b"x\n",
        sample(comm="a" * 100_000).encode(),
        sample(period=10**30).encode(),
        sample().encode().replace(b"1000 ", b"9" * 5000 + b" "),
        sample().encode().replace(b"7/", b"7" * 5000 + b"/"),
        b"a 7/7 [000] 1.0: 10 cycles: \n" + b"\tff f+0x1 (/a)\n" * 10**6,
        b"a 7/7 [000] 1.0: PERF_RECORD_LOST lost " + b"9" * 5000 + b"\n",
    ],
    ids=range(12),
)
def test_what_no_perf_prints_is_refused_in_a_short_line(text):
    with pytest.raises(Untrusted) as refused:
        perf.parse(text.decode())
    assert len(str(refused.value)) <= 300 and str(refused.value).isprintable()


def test_more_functions_than_a_profile_has_are_refused(monkeypatch):
    monkeypatch.setattr(perf, "MOST_NAMES", 10_000)
    text = "".join(sample(place=f"function_{number}+0x1 (/b)") for number in range(500))
    with pytest.raises(Untrusted, match="more different functions"):
        perf.parse(text)
    monkeypatch.setattr(perf_stacks, "MOST_CALLS", 20)
    with pytest.raises(Untrusted, match="more different call stacks"):
        perf_stacks.read(
            io.BytesIO(text[: text.find("function_30")].rpartition("\n")[0].encode() + b"\n")
        )


# -- stacks -----------------------------------------------------------------------------------


def test_folded_stacks_have_the_outermost_first():
    text = (
        "net;perf 7/7 [000] 1.0: 10 cycles: \n\tff f;1+0x1 (/a)\n\tff [unknown] (/b/lib.so)\n\n"
        "swapper 0/0 [000] 1.0: 10 cycles: \n\tff halt+0x1 ([kernel.kallsyms])\n\n"
    )
    again = text.replace(" 1.0:", " 1.1:")
    lines = perf_stacks.folded(io.BytesIO((text + again).encode()))
    assert lines == ["net:perf;[lib.so];f:1 2"]
    lines = perf_stacks.folded(io.BytesIO(text.encode()), lambda pid: f"d{pid}")
    assert lines == ["d7;net:perf;[lib.so];f:1 1"]


@pytest.mark.parametrize("file", TIMED, ids=lambda file: file.stem)
def test_folded_stacks_and_rows_agree(file):
    rows = perf.parse(file.read_text())
    folded = Counter()
    for line in perf_stacks.folded(io.BytesIO(file.read_bytes())):
        stack, count = line.rsplit(" ", 1)
        folded[stack.split(";")[0], stack.split(";")[-1]] += int(count)
    named = Counter()
    for row in rows:
        leaf = row["symbol"] if row["symbol"] != "[unknown]" else f"[{row['image'].strip('[]')}]"
        named[row["app"], leaf] += row["samples"]
    assert folded == named


def test_what_ran_as_process_0_is_told_by_its_stack():
    """In a PID namespace all that is outside looks like the idle task."""
    stacks = {
        "idle": "pv_native_safe_halt default_idle do_idle",
        "idle, cut short": "pv_native_safe_halt x",
        "swapper": "veth_poll handle_softirqs irq_exit_rcu default_idle do_idle",
        "ksoftirqd": "br_handle_frame handle_softirqs run_ksoftirqd kthread",
        "kworker": "f worker_thread kthread",
        "[elsewhere]": "g main",
    }
    text = ""
    for names in stacks.values():
        frames = "".join(f"\tff {name}+0x1 ([kernel.kallsyms])\n" for name in names.split())
        text += f"swapper 0/0 [000] {next(TIMES) / 1e6:.6f}: 10 cycles: \n{frames}\n"
    profile, _ = perf_stacks.read(io.BytesIO(text.encode()))
    assert {row["app"] for row in profile.rows} == {*stacks} - {"idle", "idle, cut short"}
    assert sum(row["samples"] for row in profile.idle) == 2


# -- commands ---------------------------------------------------------------------------------


def test_what_was_really_counted():
    events = perf_commands.parse_evlist((DATA / "evlist-cycles.list").read_text())
    assert [(e.name, e.period, e.frequency_hz) for e in events] == [("cpu-clock", None, 997)]
    assert perf_commands.fallback("cycles", events) == "cpu-clock"
    assert perf_commands.fallback("cpu-clock:u", events) is None
    kinds = perf_commands.parse_evlist("cpu_atom/cycles/\ncpu_core/cycles/u\ndummy:HG\n")
    for asked in ("cycles", "cycles:u", "cpu_core/cycles/"):
        assert perf_commands.fallback(asked, kinds) is None
    assert perf_commands.fallback("instructions", kinds) == "cpu_atom/cycles/"
    plain = perf_commands.parse_evlist((DATA / "evlist-plain.list").read_text())
    assert [(e.name, e.period, e.frequency_hz) for e in plain] == [("cpu-clock", None, None)]
    (cycles,) = perf_commands.parse_evlist(
        "cycles:ppp: type: 0, size: 128, { sample_period, sample_freq }: 100000, disabled: 1\n"
    )
    assert (cycles.name, cycles.period) == ("cycles:ppp", 100000)
    assert perf_commands.fallback("cycles", [cycles]) is None
    for wrong in ("", "dummy:HG\n", "failed to open perf.data: No such file\n"):
        with pytest.raises(Untrusted):
            perf_commands.parse_evlist(wrong)


def test_processes_of_two_namespaces_are_told_apart():
    def stream():
        return io.BytesIO((DATA / "namespaces.txt").read_bytes())

    inodes = perf_commands.origins(stream()).namespaces
    names = dict(zip(NAMESPACES, ("first", "second"), strict=True))
    profile = perf.read(stream(), lambda pid: names.get(inodes.get(pid)))
    samples = Counter()
    for row in profile.rows:
        if row["app"] in ("ls", "ip"):
            samples[row["domain"], row["app"]] += row["samples"]
    assert set(samples) == {("first", "ls"), ("first", "ip"), ("second", "ls")}


def test_a_child_is_in_its_parents_namespace(monkeypatch):
    text = (
        "sh 5/5 [000] 1.0: PERF_RECORD_NAMESPACES 5/5 - nr_namespaces: 7\n"
        "\t\t[0/net: 4/0xf0000081, 1/uts: 4/0xeffffffe,\n"
        "sh 5/5 [000] 1.1: PERF_RECORD_FORK(6:6):(5:5)\n"
        "sh 9/9 [000] 1.1: PERF_RECORD_FORK(8:8):(9:9)\n"
    )
    for size in range(1, len(text)):
        monkeypatch.setattr(perf_chunks, "CHUNK", size)
        origins = perf_commands.origins(io.BytesIO(text.encode()))
        assert origins.namespaces == {5: 0xF0000081, 6: 0xF0000081}
        assert list(origins.line(6)) == [6, 5] and list(origins.line(8)) == [8, 9]


def test_command_lines():
    argv = perf_commands.record_argv(
        output="p", frequency_hz=997, stacks=True, command=["sleep", "1"]
    )
    assert argv[:2] == ["perf", "record"] and argv[-4:] == ["--call-graph=fp", "--", "sleep", "1"]
    assert {"--freq=997", "--event=cycles", "--output=p", "--all-cpus"} < set(argv)
    assert "--count=5" in perf_commands.record_argv(output="p", period=5)
    for wrong in (
        {},
        {"period": 1, "frequency_hz": 1},
        {"period": -1},
        {"period": 1, "event": "a b"},
    ):
        with pytest.raises(VcperfError):
            perf_commands.record_argv(output="p", **wrong)
