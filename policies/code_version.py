"""Nothing in, which code of headgate this is out: its version, and the commit where it runs from a clone."""

import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GIT_S_MAX = 5.0


def code_version() -> str:
    """Return for example "0.1.0+9f890c0a1b2c", "0.1.0+9f890c0a1b2c.changed", or "0.1.0" without a clone."""
    try:
        version = metadata.version("headgate")
    except metadata.PackageNotFoundError:  # run from a folder without being installed
        version = "0"
    commit = _git("rev-parse", "--short=12", "HEAD") if (ROOT / ".git").exists() else ""
    if not commit:
        return version
    return f"{version}+{commit}{'.changed' if _git('status', '--porcelain', '--untracked-files=no') else ''}"


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=GIT_S_MAX, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):  # no git, or none of its repositories
        return ""
