"""The command line: common options stand anywhere, and wrong words and paths are one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.cli import main, options_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "words",
    [
        ["--broker", "kafka:1", "dead-letters", "list"],
        ["dead-letters", "--broker", "kafka:1", "list"],
        ["dead-letters", "list", "--broker=kafka:1"],
        ["feed", "retail", "--broker", "kafka:1"],
    ],
)
def test_common_options_stand_anywhere(words: list[str]) -> None:
    """Before the command, behind it and behind its own words."""
    options = options_of(words)

    assert (options.broker, options.redis, options.data_dir) == ("kafka:1", None, None)


def test_an_option_that_starts_like_a_common_one_is_its_own() -> None:
    """`--data` of the report is not short for `--data-dir`."""
    options = options_of(["report", "--data", "own.csv"])

    assert (options.data, options.data_dir) == (Path("own.csv"), None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["actoins"], "no command 'actoins'; did you mean 'actions'?"),
        (["xyzzy"], "invalid choice: 'xyzzy' (choose from"),
        (["actions", "--folow"], "`headgate actions` does not know --folow; `headgate actions --help` lists"),
        (["demo", "--until", "soon"], "--until: 'soon' is no date such as 2010-10-01"),
        (["twin", "--periods-per-second", "-1"], "--periods-per-second: -1 is not 0 or above"),
        (["dead-letters", "list", "--al"], "`headgate dead-letters` does not know --al"),
    ],
)
def test_a_wrong_word_is_told_with_what_would_be_right(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2."""
    with pytest.raises(SystemExit) as caught:
        options_of(words)

    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_a_folder_in_a_files_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, the path and what to do; no traceback."""
    assert main(["catalog", "validate", str(tmp_path)]) == 1

    assert f"headgate catalog: cannot use {tmp_path}: Is a directory; check the path" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """As in `headgate schema | head -1`."""
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "schema"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
