"""A name such as `catalogs/retail.toml` in, the path of the shipped file out: in a clone or in an installed wheel."""

import sysconfig
from pathlib import Path

from streams.errors import ConfigurationError

CLONE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """Return where the file or folder `name` of `catalogs/` or `data/` lies; raise ConfigurationError if nowhere.

    A wheel puts both folders under `share/headgate` of its environment (see pyproject.toml, data-files).
    """
    installed = Path(sysconfig.get_path("data")) / "share" / "headgate"
    for root in (CLONE, installed):
        if (root / name).exists():
            return root / name
    raise ConfigurationError(f"{name} was not shipped with this installation ({installed}); install headgate anew")
