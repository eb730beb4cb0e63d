"""Builds the program as it was at another commit, to be measured in turn with the present one."""
import shutil
import subprocess

from common import places


def build(reference):
    """The program `sluice` of that commit. It is built once and kept in build/baseline/COMMIT."""
    commit = _git("rev-parse", "--short=12", f"{reference}^{{commit}}")
    tree = places.ROOT / "build" / "baseline" / commit
    program = tree / "sluice"
    if program.exists():
        return program
    source = tree / "source"
    _git("worktree", "add", "--force", "--detach", str(source), commit)
    try:
        subprocess.run(["./dev", "build", "release", "sluice"], cwd=source, check=True, stdout=subprocess.DEVNULL)
        shutil.copy2(source / "build" / "release" / "sluice", program)
    finally:
        _git("worktree", "remove", "--force", str(source))
    return program


def _git(*words):
    return subprocess.run(["git", *words], cwd=places.ROOT, check=True, capture_output=True, text=True).stdout.strip()
