"""Recorded shops and traffic in, a whole running Headgate out: broker, Redis, worker, twin, feed, console, report.

It is nothing but the commands that a deployment runs, started in order and ended together.
"""

import fcntl
import shutil
import subprocess
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ops import summary
from ops.child import Child
from ops.command_line import command_line
from ops.console.serving import Running, running
from ops.journal import FILE
from ops.stack.local import LocalStack
from ops.supervisor import Supervisor, how_it_ended
from streams.administration import create_topics
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings

CHECK_S = 0.5
STOP_S_MAX = 10.0
WORKER = "worker-0"


@dataclass(frozen=True, slots=True)
class Options:
    """What a demo can be told."""

    periods_per_second: float
    until: str | None  # first day not to live through, YYYY-MM-DD
    traffic: bool
    browser: bool
    embedded: bool  # False: the settings name a broker and a Redis


def run(settings: Settings, options: Options, tell: Callable[[str], None], wall_s: Callable[[], float]) -> int:
    """Run until interrupted; the report of what was lived through is told at the end."""
    folder = settings.data_dir / "demo"
    with ExitStack() as open_things:
        open_things.enter_context(_alone(folder))
        settings = replace(settings, data_dir=folder, worker_id=WORKER)
        stack = None
        if options.embedded:
            stack = open_things.enter_context(LocalStack(folder / "servers", tell))
            settings = replace(settings, broker=stack.broker, redis=stack.redis)
        create_topics(settings)
        roles = open_things.enter_context(Supervisor(folder / "logs", tell))
        roles.start(WORKER, ["worker"], settings)
        console = open_things.enter_context(running(settings, wall_s))
        twin = _child("twin", twin_words(options), settings)
        open_things.callback(twin.stop, STOP_S_MAX)
        if options.traffic:
            feed = _child("feed-traffic", ["feed", "traffic"], settings)
            open_things.callback(feed.stop, STOP_S_MAX)
        tell(announcement(settings, console))
        if options.browser:
            webbrowser.open(console.address)
        try:
            _watch(stack, roles, twin, console, tell, settings)
        except KeyboardInterrupt:
            twin.stop(STOP_S_MAX)
            tell("")
            _report(settings, tell)
    return 0


def twin_words(options: Options) -> list[str]:
    """Return the words of `headgate twin` for these options."""
    words = ["twin", "--periods-per-second", str(options.periods_per_second)]
    return [*words, "--until", options.until] if options.until else words


def announcement(settings: Settings, console: Running) -> str:
    """Return where to look, and how other commands reach the same servers."""
    note = f"  ({console.note})" if console.note else ""
    return "\n".join(
        (
            f"console  {console.address}{note}",
            f"logs     {settings.data_dir / 'logs'}",
            "another terminal reaches the same servers with",
            f"  export HEADGATE_BROKER={settings.broker}",
            f"  export HEADGATE_REDIS={settings.redis}",
            f"  export HEADGATE_DATA_DIR={settings.data_dir.absolute()}",
            "Ctrl-C ends everything and prints the report.",
        )
    )


def _watch(
    stack: LocalStack | None,
    roles: Supervisor,
    twin: Child,
    console: Running,
    tell: Callable[[str], None],
    settings: Settings,
) -> None:
    """Look after what runs, until interrupted; tell the report when the twin has lived through its data."""
    stop = threading.Event()
    screen = threading.Thread(target=summary.run, args=(console.picture, stop, console.address), name="summary")
    screen.start()
    try:
        while twin.exit_status is None:
            time.sleep(CHECK_S)
            _check(stack, roles)
        stop.set()
        screen.join()
        if twin.exit_status != 0:
            raise UnavailableError(
                f"the twin ended ({how_it_ended(twin.exit_status)}); its log {twin.log} ends:\n{twin.log_tail()}"
            )
        _report(settings, tell)
        tell(f"The recorded demand has ended; the console stays at {console.address} until Ctrl-C.")
        while True:
            time.sleep(CHECK_S)
            _check(stack, roles)
    finally:
        stop.set()
        screen.join()


def _check(stack: LocalStack | None, roles: Supervisor) -> None:
    if stack is not None:
        stack.check()
    roles.check()


def _child(name: str, words: list[str], settings: Settings) -> Child:
    environment = settings.environment() | {"PYTHONUNBUFFERED": "1"}
    return Child(name, command_line(words), settings.data_dir / "logs" / f"{name}.log", environment)


def _report(settings: Settings, tell: Callable[[str], None]) -> None:
    """Run `headgate report` on what was lived through; an impatient Ctrl-C ends it."""
    if not (settings.data_dir / FILE).exists():
        tell("Nothing was lived through yet, so there is no report.")
        return
    tell("Comparing with the tuned rule and with perfect foresight on the same demand; Ctrl-C skips it.")
    with suppress(KeyboardInterrupt):
        words = ["report", "--data-dir", str(settings.data_dir)]
        subprocess.run(command_line(words), check=False)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold an emptied `folder`; raise ConfigurationError when another demo runs in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(f"another demo runs in {folder}; give this one its own with --data-dir") from error
        for old in folder.iterdir():
            if old.name == "lock":
                continue
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        yield
