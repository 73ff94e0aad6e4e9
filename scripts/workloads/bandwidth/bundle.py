"""All of this package as one file that any Python from 3.6 on runs."""

import os
import pkgutil
import stat
import zipfile

import bandwidth

_MAIN = b"import sys\n\nfrom bandwidth.cli import main\n\nsys.exit(main())\n"
_DATE = (1980, 1, 1, 0, 0, 0)  # the same sources give the same bytes


def write(path):
    """Write the bundle to `path`, executable. Raises OSError."""
    names = ["__init__", *sorted(m.name for m in pkgutil.iter_modules(bandwidth.__path__))]
    with open(path, "wb") as target:
        target.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("__main__.py", _DATE), _MAIN)
            for name in names:
                inside = f"bandwidth/{name}.py"
                source = pkgutil.get_data("bandwidth", name + ".py")
                archive.writestr(zipfile.ZipInfo(inside, _DATE), source)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
