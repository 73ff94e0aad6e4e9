"""A machine without netperf."""

import os


def without_netperf(checkout) -> str:
    """Take netperf from a checkout's own tools; returns a PATH that has none."""
    tools = checkout.folder / ".tools"
    kept = tools.resolve()
    tools.unlink(missing_ok=True)
    tools.mkdir()
    for entry in kept.iterdir() if kept.is_dir() else ():
        if entry.name != "usr":
            (tools / entry.name).symlink_to(entry)
    return os.pathsep.join(
        folder
        for folder in os.environ["PATH"].split(os.pathsep)
        if not os.path.exists(os.path.join(folder, "netperf"))
    )
