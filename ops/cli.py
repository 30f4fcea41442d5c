"""`headgate COMMAND`: the words typed in, an exit status out. Each command is one file in `ops/commands`.

A command file has two functions: `configure(parser)` adds its options, `run(options) -> int` does the work.
It is imported only when it is asked for, so that `headgate --help` is quick and the demo needs no torch.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from policies.errors import PolicyFileError
from streams.errors import HeadgateError
from streams.settings import Settings, read

COMMANDS: dict[str, str] = {
    "actions": "show what was decided, with reasons; --follow goes on",
    "backtest": "score forecasts on a recorded table, as if it came live",
    "catalog": "validate, show or publish the catalog",
    "console": "serve the operators' web page",
    "dead-letters": "list or redrive messages that broke a rule",
    "demo": "run everything on recorded data, embedded, until Ctrl-C",
    "doctor": "say what is installed, reachable and wrong",
    "evaluate": "compare policies on the same simulated worlds",
    "feed": "send recorded or own data: retail, traffic, csv",
    "frontier": "show what each service costs with each policy",
    "gateway": "hand actions over to an HTTP receiver",
    "hold": "hold or release a pool or resource",
    "kill": "engage or clear the kill switch of the gateway",
    "migrate": "carry states over to other partitions, a topic made anew or newer models",
    "model": "learn a pool's model anew while the old one serves",
    "optimum": "solve a small lost-sales world exactly, and compare rules with it",
    "policy": "list, promote and roll back trained policies, on the running stream",
    "report": "compare cost, fill rate and stock with rule and foresight",
    "schema": "print JSON Schema and AsyncAPI of every message",
    "shard": "list snapshots, or start a partition anew",
    "topics": "create the topics, show lag",
    "train": "train a policy in its simulated world",
    "tune": "search a rule's parameters in a simulated world",
    "twin": "run a simulated world in place of the real one",
    "up": "keep an embedded Kafka and Valkey running",
    "whatif": "play other lead times, costs, demand or limits from the live state",
    "worker": "run one stream worker: ingest and control",
}


def parser_for(command: str | None) -> argparse.ArgumentParser:
    """Return the parser that knows the options of `command`, and the names of the others."""
    parser = argparse.ArgumentParser(prog="headgate", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, meaning in COMMANDS.items():
        one = commands.add_parser(name, help=meaning, description=meaning)
        if name == command:
            _add_common(one, argparse.SUPPRESS)  # shown here; taken by `main`, wherever they stand
            _module(name).configure(one)
    return parser


def _add_common(parser: argparse.ArgumentParser, default: str | None) -> None:
    for name, kind, meaning in (
        ("--broker", str, "an existing Kafka, host:port[,host:port]; default HEADGATE_BROKER"),
        ("--redis", str, "an existing Redis or Valkey, redis://host:port/0; default HEADGATE_REDIS"),
        ("--data-dir", Path, "where snapshots, journals, keys and logs are kept; default HEADGATE_DATA_DIR"),
    ):
        parser.add_argument(name, type=kind, default=default, help=meaning)


def settings_of(options: argparse.Namespace, **overrides: Any) -> Settings:
    """Return the settings of the environment with the common options, and a command's own, on top."""
    return read(broker=options.broker, redis=options.redis, data_dir=options.data_dir, **overrides)


def _module(command: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  modules have no useful static type
    return importlib.import_module(f"ops.commands.{command.replace('-', '_')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0 done, 1 failed with a message, 2 wrong words, 130 interrupted."""
    options = options_of(list(sys.argv[1:] if arguments is None else arguments))
    try:
        code = int(_module(options.command).run(options))
        sys.stdout.flush()  # what is still buffered may find the reader gone, too
    except (HeadgateError, PolicyFileError) as error:
        print(f"headgate {options.command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `headgate schema | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:  # not about a path that somebody named
            raise
        what = f"{error.filename}: {error.strerror}"
        print(f"headgate {options.command}: cannot use {what}; check the path and its rights", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def options_of(words: list[str]) -> argparse.Namespace:
    """Return what was typed; end with status 2 and a line that says which word is wrong and what would be right."""
    common = argparse.ArgumentParser(prog="headgate", usage="%(prog)s COMMAND ...", add_help=False, allow_abbrev=False)
    _add_common(common, None)
    options, words = common.parse_known_args(words)
    command = next((word for word in words if not word.startswith("-")), None)
    parser = parser_for(command if command in COMMANDS else None)
    close = get_close_matches(command or "", COMMANDS, n=1)
    if command not in COMMANDS and close:
        parser.error(f"no command {command!r}; did you mean {close[0]!r}? `headgate --help` lists all")
    options, unknown = parser.parse_known_args(words, options)
    if unknown:
        where = f"headgate {options.command}"
        parser.error(f"`{where}` does not know {' '.join(unknown)}; `{where} --help` lists what it takes")
    return options


if __name__ == "__main__":
    sys.exit(main())
