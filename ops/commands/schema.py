"""`headgate schema`: the vocabulary's JSON Schema and AsyncAPI document, printed or written to a folder."""

import argparse
import sys
from pathlib import Path

from streams.errors import ConfigurationError
from streams.schema import asyncapi, json_schema, text

JSON_SCHEMA_FILE = "schema.json"
ASYNCAPI_FILE = "asyncapi.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write both files there instead of printing")
    parser.add_argument(
        "--json-schema", action="store_true", help="print the JSON Schema alone, not the AsyncAPI document"
    )


def run(options: argparse.Namespace) -> int:
    """Print one document, or write both."""
    if options.out is None:
        sys.stdout.write(text(json_schema() if options.json_schema else asyncapi()))
        return 0
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, document in ((JSON_SCHEMA_FILE, json_schema()), (ASYNCAPI_FILE, asyncapi())):
            (options.out / name).write_text(text(document), encoding="utf-8")
            print(f"wrote {options.out / name}")
    except OSError as error:
        raise ConfigurationError(f"--out {options.out}: {error.strerror}; name a folder that can be written") from error
    return 0
