"""Compiles the loops of the models: a module that has a `.pxd` beside it, which gives C types to its functions.

Without a C compiler, or without Python's header files, the same modules run as Python: slower, with equal numbers.
`headgate doctor` says which of the two is the case.
"""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
DIRECTIVES = {
    "annotation_typing": False,  # the .pxd says what is C; annotations are for people and for mypy
    "boundscheck": False,
    "cdivision": True,
    "embedsignature": True,
    "initializedcheck": False,
    "wraparound": False,
}
# -ffp-contract=off: a product and a sum are rounded one by one, so that Python and C, and any two machines, agree.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-fast-math"]


def compiled() -> list[Extension]:
    """Return an extension for each module with C types; one that cannot be built is left out."""
    return [
        Extension(".".join((path.parent.name, path.stem)), [str(path.relative_to(ROOT))], extra_compile_args=FLAGS)
        for path in sorted((ROOT / "online_models").glob("*.py"))
        if path.with_suffix(".pxd").exists()
    ]


def extensions() -> list[Extension]:
    """Return what is to be built, each marked so that the installation goes on without it."""
    found = cythonize(compiled(), compiler_directives=DIRECTIVES, build_dir=str(ROOT / "build"), quiet=True)
    for one in found:
        one.optional = True
    return found


setup(ext_modules=extensions())
