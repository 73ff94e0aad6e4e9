"""Paths that would fail a campaign after all is measured are refused before."""

import pytest

from vcperf.errors import VcperfError
from vcperf.preparation import checkout_check


@pytest.mark.parametrize("odd", [*" \t\n'\"$`\\{}:;&|()<>,"])
def test_a_path_that_programs_cannot_take_is_refused(tmp_path, monkeypatch, odd):
    folder = tmp_path / f"my{odd}folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(VcperfError, match=r"the path of the working directory has '.*' in it"):
        checkout_check.check_folders()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkout_check, "ROOT", str(folder))
    with pytest.raises(VcperfError, match=r"the path of this checkout has '.*' in it"):
        checkout_check.check_folders()


# A campaign was measured and drawn, and MPI programs compiled, in folders of such names.
@pytest.mark.parametrize("usual", [*"*?#~!%=+@^[]._-\u00e9\u65e5"])
def test_any_other_path_is_taken(tmp_path, monkeypatch, usual):
    folder = tmp_path / f"my{usual}folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    checkout_check.check_folders()
