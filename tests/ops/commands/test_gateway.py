"""The gateway's own limits file: read as written, or told what is wrong."""

from pathlib import Path

import pytest

from ops.commands.gateway import LIMITS, read_own_limits
from streams.errors import ConfigurationError


def test_limits_by_pool_and_resource(tmp_path: Path) -> None:
    """Without a file there are none."""
    path = tmp_path / LIMITS
    assert read_own_limits(path) == {}
    path.write_text('[order_units_max]\n"shop/mug" = 40\nshop = 100\n')

    assert read_own_limits(path) == {"shop/mug": 40.0, "shop": 100.0}


@pytest.mark.parametrize("text", ["[order_units_max", "[order_units_max]\nshop = 'many'", "[orders]\nshop = 1", ""])
def test_a_wrong_file_is_told(tmp_path: Path, text: str) -> None:
    """A limit that is not understood is not ignored."""
    path = tmp_path / LIMITS
    path.write_text(text)

    with pytest.raises(ConfigurationError, match="gateway limits"):
        read_own_limits(path)
