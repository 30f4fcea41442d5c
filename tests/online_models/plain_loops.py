"""The models' compiled loops in, the same files read as Python in their place out."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "online_models"


def as_python(name: str) -> ModuleType:
    """Return the module of loops `name` read anew from its `.py`, compiled or not."""
    spec = importlib.util.spec_from_file_location(f"online_models.{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    return plain


def use_plain_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every model call the loops as Python, whatever it imported of them."""
    plain = {f"online_models.{path.stem}": as_python(path.stem) for path in FOLDER.glob("*_loops.py")}
    users = [one for name, one in sys.modules.items() if name.startswith("online_models.") and name not in plain]
    for user in users:
        for name, value in list(vars(user).items()):
            if isinstance(value, ModuleType):
                monkeypatch.setattr(user, name, plain.get(value.__name__, value))
            elif callable(value) and getattr(value, "__module__", "") in plain:
                monkeypatch.setattr(user, name, getattr(plain[value.__module__], name))
