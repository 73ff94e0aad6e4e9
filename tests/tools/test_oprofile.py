"""The parser of opreport's reports: a writer after opreport's sources."""

import io

import pytest
from helpers.checkout import ROOT
from hypothesis import assume, given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import filter as tool_filter
from vcperf.tools import opcontrol, oprofile
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/oprofile"
REPORTS = sorted(DATA.glob("*.txt"))
SOUND = [file for file in REPORTS if file.with_suffix(".csv").exists()]


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_report_cut_in_a_row_is_refused(file):
    """Cut between rows it is a shorter report; nothing in it can tell."""
    text = file.read_text()
    whole = oprofile.parse(text)
    figures = [(row["samples"], row["percent"]) for row in whole]
    for cut in range(len(text)):
        try:
            rows = oprofile.parse(text[:cut])
        except Untrusted:
            continue
        assert text[cut - 1] == "\n"
        assert [(row["samples"], row["percent"]) for row in rows] == figures[: len(rows)]


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_foreign_line_is_refused_anywhere(file):
    lines = file.read_text().splitlines(keepends=True)
    for foreign in ("opreport: Killed\n", "error: bad\n", "12x  1.0 vmlinux\n", "---- ---\n"):
        for at in range(len(lines) + 1):
            with pytest.raises(Untrusted):
                oprofile.parse("".join([*lines[:at], foreign, *lines[at:]]))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_lost_end_of_line_loses_no_row(file):
    text = file.read_text()
    rows = len(oprofile.parse(text))
    for at in (index for index, letter in enumerate(text[:-1]) if letter == "\n"):
        try:
            found = oprofile.parse(text[:at] + text[at + 1 :])
        except Untrusted:
            continue
        assert len(found) == rows  # what was joined is above the table


# -- a writer, after opreport's sources -----------------------------------------------------

NAME = st.from_regex(r"[a-z_\[/][a-zA-Z0-9_.\-/\]]{0,40}", fullmatch=True)
ANON = st.builds(
    "{} (tgid:{} range:0x{:x}-0x{:x})".format,
    st.sampled_from(["anon", "[vdso]", "[heap]"]),
    st.integers(1, 99999),
    st.integers(0, 2**48),
    st.integers(0, 2**48),
)
SHORT_WITH_BLANKS = st.from_regex(r"[a-z]{1,6}( [a-z0-9]{1,5}){1,2}", fullmatch=True)
IMAGE = st.one_of(NAME, ANON, SHORT_WITH_BLANKS)
SYMBOL = st.one_of(NAME, ANON, st.just("operator new(unsigned long, int)"), st.just("(no symbols)"))
COUNTS = st.lists(st.integers(0, 10**11), min_size=2, max_size=2)
WIDTHS = {"samples": 9, "%": 9, "image name": 25, "app name": 25, "vma": 9, "linenr info": 28}


def percent_text(value: float) -> str:
    """format_percent of string_manip.cpp."""
    if value == 0:
        return "      0"
    text = f"{value:7.4f}" if value > 0.001 else f"{value:7.1e}"
    return text[:-1] if text.startswith("100.") else text


def line(columns, values) -> str:
    """output_field of format_output.cpp: padded to its width, or one blank behind."""
    text = ""
    for column, value in zip(columns[:-1], values[:-1], strict=True):
        text += value + " " * max(1, WIDTHS[column] - len(value))
    return text + values[-1] + "\n"


@given(
    rows=st.lists(st.tuples(COUNTS, IMAGE, IMAGE, SYMBOL), min_size=1, max_size=6),
    events=st.integers(1, 2),
    vma=st.booleans(),
    linenr=st.booleans(),
    app=st.booleans(),
)
def test_what_opreport_writes_of_symbols_is_read(rows, events, vma, linenr, app):
    totals = [max(1, sum(counts[at] for counts, *_ in rows)) for at in range(2)]
    columns = [*(["vma"] if vma else []), *["samples", "%"] * events]
    columns += [*(["linenr info"] if linenr else []), "image name"]
    columns += [*(["app name"] if app else []), "symbol name"]
    text = "CPU: any, speed 1 MHz (estimated)\n"
    names = ["CYCLES", "MISSES"][:events]
    for name in names:
        text += f"Counted {name} events (all (of them)) with a unit mask of 0x00 (none) count 9\n"
    text += line(columns, columns)
    expected = []
    for counts, image, application, symbol in rows:
        values = ["0" * 8] if vma else []
        for at, name in enumerate(names):
            printed = percent_text(100 * counts[at] / totals[at])
            values += [str(counts[at]), printed]
            expected.append(
                (name, application if app else None, image, symbol, counts[at], float(printed))
            )
        values += [*(["(no location information)"] if linenr else []), image]
        values += [*([application] if app else []), symbol]
        text += line(columns, values)
    read = [
        (r["event"], r["app"], r["image"], r["symbol"], r["samples"], r["percent"])
        for r in oprofile.parse(text)
    ]
    assert read == expected


@given(
    apps=st.lists(
        st.tuples(IMAGE, st.lists(st.tuples(IMAGE, st.integers(1, 10**10)), max_size=4)),
        min_size=1,
        max_size=5,
    ),
    blanks=st.booleans(),
    of_all=st.booleans(),
)
def test_what_opreport_writes_of_applications_is_read(apps, blanks, of_all):
    """Dependents add up to their application, whether or not a tab became blanks, and whether
    their percents are of it or of all (--global-percent)."""
    assume(any(images for _, images in apps))
    text, expected = "CPU: any\nProfiling through timer interrupt\n", []
    whole = sum(samples for _, images in apps for _, samples in images)
    whole += sum(not images for _, images in apps)
    head = "          TIMER:0|\n  samples|      %|\n------------------\n"
    tab = " " * 8 if blanks else "\t"
    text += head
    for app, images in apps:
        total = sum(samples for _, samples in images) or 1
        text += f"{total:9d} {percent_text(100 * total / whole)} {app}\n"
        expected.append(("TIMER", app, None if images else app, total))
        text += "".join(tab + each for each in head.splitlines(keepends=True)) if images else ""
        for image, samples in images:
            of = whole if of_all else total
            text += f"{tab}{samples:9d} {percent_text(100 * samples / of)} {image}\n"
            expected.append(("TIMER", app, image, samples))
    rows = oprofile.parse(text)
    assert [(r["event"], r["app"], r["image"], r["samples"]) for r in rows] == expected


@given(
    counts=st.lists(st.integers(10, 10**7), min_size=2, max_size=6),
    at=st.integers(0, 5),
    digit=st.integers(0, 6),
)
def test_a_count_that_lost_a_digit_is_refused(counts, at, digit):
    """Beside rows that have all of theirs; where the percent is printed to three digits."""
    whole, at = sum(counts), at % len(counts)
    shares = [100 * count / whole for count in counts]
    assume(min(shares) > 0.1)
    damaged = str(counts[at])
    damaged = damaged[: digit % len(damaged)] + damaged[digit % len(damaged) + 1 :]
    assume(damaged.strip("0"))
    for lost in (False, True):
        texts = list(map(str, counts))
        texts[at] = damaged if lost else texts[at]
        text = "Profiling through timer interrupt\n" + "".join(
            f"{count:>9} {percent_text(share)} image{number}\n"
            for number, (count, share) in enumerate(zip(texts, shares, strict=True))
        )
        if lost:
            with pytest.raises(Untrusted, match=r"samples are not .* %|add up to"):
                oprofile.parse(text)
        else:
            assert [row["samples"] for row in oprofile.parse(text)] == counts


@pytest.mark.parametrize("mark", ["---", "+++"])
def test_what_only_one_profile_has_has_no_percent(mark):
    (first, second) = oprofile.parse(f"      9 100.000 vmlinux\n      4 {mark} bridge\n")
    assert (first["percent"], second["percent"], second["samples"]) == (100, None, 4)


@pytest.mark.parametrize("kind", ["apps", "modules", "kernel", "xen", "xen-unknown"])
def test_a_passive_domain_is_told_by_its_names(kind):
    rows = oprofile.parse(f"       5 50.0000 domain12-{kind}\n       5 50.0000 subdomain1-apps\n")
    assert [row["domain"] for row in rows] == ["12", None]


# -- bounds ---------------------------------------------------------------------------------

HEAD = "CPU: any\nCounted C events (x) with a unit mask of 0x00 (none) count 9\n"
SYMBOLS = HEAD + "samples  %        image name    app name    symbol name\n"


@pytest.mark.parametrize(
    "text",
    [
        "a|" * 40 + "x y\n",
        HEAD + " a |" * 40 + "x y\n",
        "x" * 200_000 + "\n",
        HEAD + "9" * 5000 + " 50.0 vmlinux\n",
        HEAD + "5 1e-" + "9" * 20 + " vmlinux\n",
        SYMBOLS + "1 5.0e-" + "9" * 20 + "  a   b   c\n",
        "samples " * 50_000 + "\n",
        "samples  %  " + "x name " * 50_000 + "\n",
        HEAD + "warning: " + "could not be " * 50_000 + "\n",
        "Counted X events (" + " with a unit mask of " * 40_000 + "\n",
        "|" * 200_000 + "x\n",
        "[0] " * 100_000 + "\n",
        "Lowering the sampling rate may" + " to lost samples" * 20_000 + "\n",
        "[" * 100_000 + "]" * 100_000 + "\n",
    ],
    ids=range(14),
)
def test_what_no_opreport_prints_is_refused_in_a_short_line(text):
    with pytest.raises(Untrusted) as refused:
        oprofile.parse(text)
    assert len(str(refused.value)) <= 300 and str(refused.value).isprintable()


def test_more_rows_than_a_report_has_are_refused(monkeypatch, capsys):
    monkeypatch.setattr(oprofile, "MOST_ROWS", 10)
    report = HEAD + "1 5.0000 image\n" * 12
    with pytest.raises(Untrusted, match="more than 10 rows"):
        oprofile.parse(report)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(report.encode())))
    assert tool_filter.main(oprofile.parse, oprofile.COLUMNS, 100) == 1
    assert "more than 100 bytes" in capsys.readouterr().err


# -- opcontrol ------------------------------------------------------------------------------


def test_the_sequence_of_a_profile_over_domains():
    event = opcontrol.event_option("GLOBAL_POWER_EVENTS", 1000000, 1)
    daemon = opcontrol.start_daemon_argv(
        event=event,
        xen="/boot/xen-syms-3.0",
        vmlinux="/boot/vmlinux",
        active=[1, 3],
        passive={4: "/boot/vmlinux-4"},
    )
    assert daemon == [
        "opcontrol",
        "--start-daemon",
        "--event=GLOBAL_POWER_EVENTS:1000000:1:1:1",
        "--xen=/boot/xen-syms-3.0",
        "--vmlinux=/boot/vmlinux",
        "--active-domains=1,3",
        "--passive-domains=4",
        "--passive-images=/boot/vmlinux-4",
    ]

    def told(stages):
        return [[(domain, argv[1]) for domain, argv in stage] for stage in stages]

    assert told(opcontrol.before(daemon, [1, 3])) == [
        [(0, "--reset"), (1, "--reset"), (3, "--reset")],
        [(0, "--start-daemon")],
        [(1, "--start"), (3, "--start")],
        [(0, "--start")],
    ]
    assert told(opcontrol.stop([1])) == [[(0, "--stop")], [(1, "--stop")]]
    assert told(opcontrol.after("point-A", [1])) == [
        *([(1, "--dump")], [(0, "--dump")]),
        *([(1, "--save=point-A")], [(0, "--save=point-A")]),
        *([(1, "--shutdown")], [(0, "--shutdown")]),
    ]
    # Nodes go through the same stages, whether or not their guests take part.
    assert len(opcontrol.before(daemon)) == 4 and len(opcontrol.after("a")) == 6
    assert opcontrol.report_argv("point-A", symbols=True) == [
        "opreport",
        "--symbols",
        "session:point-A",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: opcontrol.event_option("GLOBAL POWER", 1),
        lambda: opcontrol.event_option("CYCLES", 0),
        lambda: opcontrol.start_daemon_argv(event="e", active=[1], passive={1: "/v"}),
        lambda: opcontrol.start_daemon_argv(event="e", active=[1, 1]),
        lambda: opcontrol.start_daemon_argv(event="e", passive={0: "/v"}),
        lambda: opcontrol.start_daemon_argv(event="e", passive={2: "/v,/w"}),
        lambda: opcontrol.start_daemon_argv(event="e", xen="xen-syms"),
        lambda: opcontrol.after("../other"),
        lambda: opcontrol.report_argv("a b", symbols=False),
    ],
)
def test_what_opcontrol_would_misread_is_refused(wrong):
    with pytest.raises(VcperfError):
        wrong()
