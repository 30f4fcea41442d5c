"""Which of the loops run as C and which as Python: asked by whoever wants to know why models are slow."""

import importlib
from pathlib import Path

FOLDER = Path(__file__).parent


def loops() -> dict[str, bool]:
    """Return of each module of loops whether it is compiled.

    >>> "course_loops" in loops()
    True
    """
    names = sorted(path.stem for path in FOLDER.glob("*_loops.py"))
    modules = {name: importlib.import_module(f"online_models.{name}") for name in names}
    return {name: not str(module.__file__).endswith(".py") for name, module in modules.items()}
