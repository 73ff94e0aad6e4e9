"""Makes the pages, which are written for a checkout, fit for the site (a hook of MkDocs).

READMEs of other folders become pages of the site. A link to another file of the checkout, such as a
source, has nowhere to lead on the site and becomes plain text. A link to a file that does not exist
stays as it is, so that `mkdocs build --strict` fails.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs/"
# A file of the checkout -> its page on the site.
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "config/README.md": "configuration.md",
    "config/reference/README.md": "reference-data.md",
    "lab/README.md": "lab.md",
    "results/README.md": "results.md",
}
FENCE = re.compile(r"^```(\w+) ([\w./-]+)$", re.M)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s:]*)\)")


def on_files(files, config):
    """Add the pages from outside docs/."""
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown, page, **_):
    """Lead links of the checkout to pages of the site; give code its file's name as a title."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.M | re.S)
    here = page.file.src_uri
    parts[::2] = [LINK.sub(lambda found: linked(found, here), part) for part in parts[::2]]
    return FENCE.sub(r'```\1 title="\2"', "".join(parts))


def linked(found, here):
    """A link as the site needs it.

    Args:
        found: a match of LINK.
        here: the page that has it, as MkDocs names it.

    Returns Markdown.
    """
    picture, text, target = found.groups()
    path, _, anchor = target.partition("#")
    if not path:
        return found[0]
    source = {page: source for source, page in OUTSIDE.items()}.get(here, DOCS + here)
    there = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if there in OUTSIDE:
        page = OUTSIDE[there]
    elif there.startswith(DOCS):
        page = there.removeprefix(DOCS)
    else:
        return text if (ROOT / there).exists() else found[0]
    relative = posixpath.relpath(page, posixpath.dirname(here) or ".")
    return f"{picture}[{text}]({relative}{'#' if anchor else ''}{anchor})"
