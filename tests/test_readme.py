"""What the README says of the path is true: files exist, topics are declared, commands are known."""

import re
from pathlib import Path

from ops.cli import COMMANDS
from streams.topics import TOPICS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows() -> list[tuple[str, str, str]]:
    """Return (stage, topics, file) of each row of the path."""
    section = README.split("## What happens to an event")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]  # type: ignore[misc]


def test_every_stage_names_a_file_and_declared_topics() -> None:
    """The table is the map: what it names is there."""
    known = {spec.name for spec in TOPICS}
    named: set[str] = set()
    assert len(rows()) > 8
    for stage, topics, file in rows():
        assert (ROOT / file.strip("`")).is_file(), f"{stage}: {file}"
        named |= set(re.findall(r"`([^`]+)`", topics))
    assert named == known


def test_exactly_two_commands_stand_in_their_section() -> None:
    """A newcomer's script reads them from there."""
    section = re.search(r"^## Two commands\s*$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert section is not None
    blocks = re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", section.group(1), re.MULTILINE | re.DOTALL)
    assert blocks == ["./start demo\n", "./start test\n"]


def test_every_command_shown_exists() -> None:
    """No `headgate X` or `./start X` in the README is unknown."""
    shown = set(re.findall(r"(?:`headgate|\./start) ([a-z][a-z-]+)", README)) - {"test"}
    assert shown <= set(COMMANDS), shown - set(COMMANDS)
    assert {"demo", "feed", "worker"} <= shown
