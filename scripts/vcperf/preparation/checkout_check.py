"""Whether the programs that a campaign starts can work in the folders that it uses."""

from __future__ import annotations

import os
import re

from vcperf.basics.checkout import ROOT
from vcperf.errors import VcperfError, quote

# Snakemake starts scripts by paths without quotes, MPICH's mpicc hands its own to the linker in
# a list with commas, and search paths have colons. The same in envs/setup.sh.
UNUSABLE = re.compile(r"""[\s'"$`\\{}:;&|()<>,]""")


def check_folders() -> None:
    """Refuse a path of the checkout, or of the working directory, that would fail after all is
    measured.

    Raises VcperfError naming the path and the character.
    """
    for what, path in (("this checkout", ROOT), ("the working directory", os.getcwd())):
        found = UNUSABLE.search(path)
        if found:
            raise VcperfError(
                f"{path}: the path of {what} has {quote(found[0])} in it, which Snakemake or a"
                " compiler cannot take; move it to a path without"
            )
