"""The versions of our programs that specs name are raised by hand, when older records become
incomparable. So whoever changes their code is asked, and whoever changes a comment is not."""

import hashlib
import io
import shutil
import subprocess
import sys
import tokenize

import pytest
from helpers.checkout import ROOT

from vcperf.planning.matrix import bandwidth, pingpong

WORKLOADS = ROOT / "scripts/workloads"
NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)
LAYOUT = {tokenize.NEWLINE: ";", tokenize.INDENT: ">", tokenize.DEDENT: "<"}
NAMED = {
    "mpi/pingpong.c": pingpong.SOURCES["pingpong"],
    "mpi/ep.c": pingpong.SOURCES["ep"],
    "bandwidth": bandwidth.SOURCE,
}
# Program -> its version in specs, and the digest of its code when that was looked at last.
KNOWN = {
    "mpi/pingpong.c": ("aa87ab0a6981", "7f1cc7639ea0"),
    "mpi/ep.c": ("6db3f68450bc", "470ed773fdd0"),
    "bandwidth": ("2", "c4dd887ca13a"),
}


def c_code(text: str) -> str:
    """C as the preprocessor leaves it, without comments; blanks decide nothing."""
    argv = ["gcc", "-fpreprocessed", "-dD", "-E", "-P", "-xc", "-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def python_code(text: str) -> str:
    """Python's tokens without comments and docstrings, as Python 3.11 tells tokens apart."""
    words, starts = [], True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        docstring = starts and token.type in (tokenize.STRING, tokenize.NEWLINE)
        if docstring or token.type in NO_CODE:
            continue
        words.append(LAYOUT.get(token.type, token.string))
        starts = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return "".join(words)


def code(program: str) -> str:
    """The digest of a program's code."""
    path = WORKLOADS / program
    if path.is_file():
        text = c_code(path.read_text())
    else:
        files = sorted(path.glob("*.py"))
        text = "\n".join(f"{file.name}\n{python_code(file.read_text())}" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize("program", KNOWN)
def test_whoever_changes_the_code_of_a_program_decides_about_its_records(program):
    if program.endswith(".c") and not shutil.which("gcc"):
        pytest.skip("no gcc")
    if program == "bandwidth" and sys.version_info[:2] != (3, 11):
        pytest.skip("later versions divide f-strings into more tokens")
    assert (NAMED[program], code(program)) == KNOWN[program], (
        f"the code of {program} is another. Do older records stay comparable? If not, raise its"
        " version in scripts/vcperf/planning/matrix. Then note both here."
    )


def test_a_comment_is_no_code():
    assert c_code("int a; // one\n/* two */ int  b;\n") == c_code("int a;\nint b;\n")
    assert c_code('char *a = "/* one */";\n') != c_code('char *a = "";\n')
    assert python_code('"""One."""\na = 1  # two\n') == python_code("# three\n\na = 1\n")
    assert python_code('def f():\n    """One."""\n    g()\n') == python_code("def f():\n    g()\n")
    assert python_code("if a:\n    b\nc\n") != python_code("if a:\n    b\n    c\n")
    assert python_code('a = "one"\n') != python_code('a = "two"\n')
