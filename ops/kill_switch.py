"""The kill file: while it exists the gateway lets nothing through. Works without Kafka and Redis."""

from pathlib import Path

NAME = "KILL"
TEXT_CHARACTERS_MAX = 200


def engage(data_dir: Path, reason: str) -> Path:
    """Write the kill file with `reason` and return its path."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / NAME
    path.write_text(reason.strip() + "\n", encoding="utf-8")
    return path


def clear(data_dir: Path) -> bool:
    """Remove the kill file; return whether there was one."""
    path = data_dir / NAME
    engaged = path.exists()
    path.unlink(missing_ok=True)
    return engaged


def killed(data_dir: Path) -> str | None:
    """Return why everything is stopped, or None when it is not.

    A file that cannot be read stops everything too: its existence is the order.
    """
    path = data_dir / NAME
    if not path.exists():
        return None
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        text = f"the kill file cannot be read ({error.__class__.__name__})"
    return text[:TEXT_CHARACTERS_MAX] or "no reason given"
