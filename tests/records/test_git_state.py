"""The commit of a checkout, and whether it has changes."""

import subprocess

from vcperf.records import git_state


def test_a_checkout_has_its_commit_and_whether_it_is_changed(tmp_path):
    def git(*arguments):
        argv = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
        done = subprocess.run([*argv, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert git_state.state(tmp_path) is None
    git("init", "--quiet")
    assert git_state.state(tmp_path) is None, "no commit yet"
    (tmp_path / "known").write_text("1")
    git("add", "known")
    git("commit", "--quiet", "-m", "one")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "unknown").write_text("a campaign file")
    assert git_state.state(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "known").write_text("2")
    assert git_state.state(tmp_path) == {"commit": commit, "dirty": True}
    (tmp_path / "inside").mkdir()
    assert git_state.state(tmp_path / "inside") is None, "a copy within another project's checkout"
