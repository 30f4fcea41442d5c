"""Loads the compiled loops before pytest looks for doctests: it would load their Python files under the same names.

A compiled module finds the C classes of another one only in a compiled module.
"""

from importlib import import_module
from pathlib import Path

for _loops in sorted(Path(__file__).parent.glob("online_models/*_loops.py")):
    import_module(f"online_models.{_loops.stem}")
