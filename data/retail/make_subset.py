"""The whole Online Retail II file in, the shipped subset out: `python data/retail/make_subset.py FILE.csv.xz`.

Kept, in the file's order and as they are: every row of the codes in `catalogs/retail.toml`, every row of a code
that is no product, and every row of one in SAMPLE of the other products, so that the catalog meets strangers.
The added column `Line` is the row's line in the whole file (its header is line 1).
"""

import csv
import lzma
import sys
import tomllib
from pathlib import Path
from zlib import crc32

from streams.feeds.retail import PRODUCT, resource_of
from streams.feeds.textfile import rows

HERE = Path(__file__).parent
SAMPLE = 300  # one product in this many is kept though the catalog does not have it


def main() -> None:
    """Write the subset beside this file and say how large it is."""
    catalog = tomllib.loads((HERE.parent.parent / "catalogs" / "retail.toml").read_text(encoding="utf-8"))
    known = {resource["id"] for pool in catalog["pools"] for resource in pool["resources"]}
    records = rows(Path(sys.argv[1]))
    _, header = next(records)
    code_place = header.index("StockCode")
    target = HERE / "online_retail_ii_subset.csv.xz"
    kept = 0
    with lzma.open(target, "wt", encoding="utf-8", newline="", preset=9 | lzma.PRESET_EXTREME) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Line", *header])
        for line, cells in records:
            if is_kept(cells[code_place], known):
                writer.writerow([line, *cells])
                kept += 1
    print(f"{target}: {kept} rows, {target.stat().st_size} bytes")


def is_kept(code: str, known: set[str]) -> bool:
    """Return whether rows of `code` belong to the subset."""
    resource_id = resource_of(code)
    if resource_id in known or not PRODUCT.fullmatch(code):
        return True
    return crc32(resource_id.encode()) % SAMPLE == 0


if __name__ == "__main__":
    main()
