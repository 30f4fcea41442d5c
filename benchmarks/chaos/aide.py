"""Words in, a process of ours beside the workers out: orders go to its stdin, answers come from its stdout."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Aide:
    """`python -m benchmarks.chaos.NAME WORDS`; it ends with its stdin, also when this process dies."""

    def __init__(self, name: str, words: list[str], log: Path) -> None:
        self._name = name
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.chaos.{name}", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    def ask(self, do: str, **more: Any) -> Any:
        """Give an order and return the answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the {self._name} has ended: {self._log.read_text()[-2000:]}")
        return json.loads(line)

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
