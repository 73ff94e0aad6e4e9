"""Where this checkout is. os.path, as pathlib costs every block its import."""

import os

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
SCRIPTS = f"{ROOT}/scripts"
LAUNCHERS = f"{SCRIPTS}/launchers"  # what mpiexec starts in place of rsh, or around a rank
CONFIG = f"{ROOT}/config"
# Programs that are not in PATH: what set-up fetched, and Debian's folders for root.
TOOL_FOLDERS = (f"{ROOT}/.tools/usr/bin", "/usr/sbin", "/sbin")
