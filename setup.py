"""Compiles the loops of the models: modules named `_loops`, plain functions to which a `.pxd` beside gives C types.

Without a C compiler, or without Python's header files, the same modules run as Python: some forty times slower, with
equal numbers. `headgate doctor` says which of the two is the case.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
DIRECTIVES = {
    "annotation_typing": False,  # the .pxd says what is C; annotations are for people and for mypy
    "boundscheck": False,
    "cdivision": True,
    "cpow": True,  # a root is `x ** 0.5`, never of a negative number
    "initializedcheck": False,
    "show_performance_hints": False,
    "wraparound": False,
}
# -ffp-contract=off: a product and a sum are rounded one by one, so that Python and C, and any two machines, agree.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-fast-math"]


def extensions() -> list[Extension]:
    """Return an extension for each module with C types; the installation goes on without one that cannot be built."""
    wanted = [
        Extension(f"online_models.{path.stem}", [f"online_models/{path.stem}.py"], extra_compile_args=FLAGS)
        for path in sorted(ROOT.glob("online_models/*_loops.pxd"))
    ]
    found: list[Extension] = cythonize(
        wanted, compiler_directives=DIRECTIVES, build_dir=str(ROOT / "build"), quiet=True
    )
    for one in found:
        one.optional = True
    return found


setup(ext_modules=extensions(), options={"build_ext": {"parallel": os.cpu_count() or 1}})
