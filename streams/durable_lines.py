"""Values in, one JSON line each on disk, synced; the whole lines of a file out, also after a crash tore the last."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Line = TypeVar("Line", bound=msgspec.Struct)


class DurableLines(Generic[Line]):
    """A file of lines of one kind. Several processes may append to it; only one, alone, may replace it."""

    def __init__(self, path: Path, kind: type[Line]) -> None:
        self._path = path
        self._decode = msgspec.json.Decoder(kind).decode
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> list[Line]:
        """Return every whole line; one torn by a crash is passed over."""
        if not self._path.exists():
            return []
        lines: list[Line] = []
        for text in self._path.read_bytes().splitlines():
            try:
                lines.append(self._decode(text))
            except msgspec.DecodeError:
                continue
        return lines

    def append(self, line: Line) -> None:
        """Add `line`; it is durable when this returns."""
        with self._path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                torn = file.read(1) != b"\n"
            else:
                torn = False
            file.write(b"\n" * torn + msgspec.json.encode(line) + b"\n")  # a torn line must not swallow this one
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()

    def replace(self, lines: Iterable[Line]) -> None:
        """Have the file hold `lines` and nothing else."""
        aside = self._path.with_suffix(".aside")
        with aside.open("wb") as file:
            file.writelines(msgspec.json.encode(line) + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        self._sync_folder()

    def _sync_folder(self) -> None:
        """Make the file's name durable too: a new file's entry is only in its folder."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
