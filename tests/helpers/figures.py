"""Files that describe figures."""

from helpers.config import DEFAULT
from vcperf import testbeds
from vcperf.config import figures_file


def read(path, campaign=DEFAULT):
    """The figures of a file, checked for a campaign."""
    return figures_file.read(str(path), campaign, testbeds.NAMES)
