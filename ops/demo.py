"""Recorded shops and traffic in, a whole running Headgate out: broker, Redis, worker, twin, feed, console, report.

It is nothing but the commands that a deployment runs, started in order and ended together.
"""

import fcntl
import shlex
import shutil
import subprocess
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ops import model_changes, summary
from ops.child import Child
from ops.command_line import command_line
from ops.console.serving import Running, running
from ops.demo_canary import Canary
from ops.demo_switch import Switching, all_changes
from ops.journal import FILE
from ops.stack.local import LocalStack
from ops.supervisor import Supervisor, how_it_ended
from streams.administration import create_topics
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings

CHECK_S = 0.5
REPORT_S_MAX = 15.0  # who presses Ctrl-C does not wait longer; `headgate report` takes its time
REPORT_END_S_MAX = 3.0
TUNE_AFTER_ACTIONS = 400  # some days in, when the first ones have been looked at
TUNE_WORDS = ("report", "--tune")
TRAFFIC_WORDS = ("feed", "traffic", "--from", "2018-05-01")  # two months to learn from, then an hour a second
STOP_S_MAX = 10.0
WORKER = "worker-0"
WORKER_TRIES_MAX = 5  # a demo that cannot run says so and ends


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
        roles.start(WORKER, ["worker"], settings, tries_max=WORKER_TRIES_MAX)
        twin = _child("twin", twin_words(options), settings)
        open_things.callback(twin.stop, STOP_S_MAX)
        console = open_things.enter_context(running(settings, wall_s))
        tell(announcement(settings, console))
        if options.browser:
            webbrowser.open(console.address)
        demo = Demo(settings, stack, roles, twin, console, tell)
        open_things.callback(demo.stop_extras)
        try:
            demo.watch(traffic=options.traffic)
        except KeyboardInterrupt:
            twin.stop(STOP_S_MAX)
            tell("")
            demo.report()
    return 0


@dataclass(slots=True)
class Demo:
    """What runs, and who looks after it."""

    settings: Settings
    stack: LocalStack | None
    roles: Supervisor
    twin: Child
    console: Running
    tell: Callable[[str], None]
    feed: Child | None = None
    tuning: Child | None = None  # makes the report at the end quick
    switching: Switching = field(default_factory=Switching)
    canary: Canary = field(default_factory=Canary)
    operators: list[Child] = field(default_factory=list)  # each types one command

    def watch(self, *, traffic: bool) -> None:
        """Look after everything until interrupted; report when the twin has lived through its data."""
        with self._screen():
            while self.twin.exit_status is None:
                self._check()
                if traffic and self.feed is None and self.console.picture.actions_read:
                    # only now: learning the motorway's past would put off the shop's first decision
                    self.feed = _child("feed-traffic", TRAFFIC_WORDS, self.settings)
                if self.feed is not None:
                    self._switch()
                self._type("policy", self.canary.words(self.console.picture))
                if self.tuning is None and self.console.picture.actions_read > TUNE_AFTER_ACTIONS:
                    self.tuning = _child("report-tune", TUNE_WORDS, self.settings)
        if self.twin.exit_status != 0:
            ended = how_it_ended(self.twin.exit_status)
            raise UnavailableError(f"the twin ended ({ended}); its log {self.twin.log} ends:\n{self.twin.log_tail()}")
        self.report()
        self.tell(f"The recorded demand has ended; the console stays at {self.console.address} until Ctrl-C.")
        while True:
            self._check()

    def _switch(self) -> None:
        """Do what an operator would to the motorway's model, and tell what becomes of it."""
        for change in self.switching.news(self.console.picture):
            self.tell(model_changes.line(change))
        self._type("model-switch", self.switching.words(self.console.picture))

    def _type(self, name: str, words: Sequence[str] | None) -> None:
        """Type a command as an operator would, in a process of its own."""
        if words:
            self.tell(f"headgate {shlex.join(words)}")
            self.operators.append(_child(f"{name}-{len(self.operators)}", words, self.settings))

    def report(self) -> None:
        """Run `headgate report` on what was lived through; an impatient Ctrl-C ends it."""
        folder = self.settings.data_dir
        if not (folder / FILE).exists():
            self.tell("Nothing was lived through yet, so there is no report.")
            return
        model_changes.write(folder / model_changes.FILE, all_changes(self.console.picture))
        self.tell("Comparing with the tuned rule and with perfect foresight on the same demand; Ctrl-C skips it.")
        words = ["report", "--data-dir", str(folder)]
        process = subprocess.Popen(command_line(words))
        try:
            process.wait(REPORT_S_MAX)
        except subprocess.TimeoutExpired:
            self.tell(f"That takes longer than {REPORT_S_MAX:.0f} s here; run: headgate {' '.join(words)}")
        except KeyboardInterrupt:
            self.tell("No report.")
        finally:
            end(process)

    def stop_extras(self) -> None:
        """End the motorway's feed, the tuning and what an operator typed, if they were started."""
        for child in (self.feed, self.tuning, *self.operators):
            if child is not None:
                child.stop(STOP_S_MAX)

    @contextmanager
    def _screen(self) -> Iterator[None]:
        stop = threading.Event()
        screen = threading.Thread(
            target=summary.run, args=(self.console.picture, stop, self.console.address), name="summary"
        )
        screen.start()
        try:
            yield
        finally:
            stop.set()
            screen.join()

    def _check(self) -> None:
        time.sleep(CHECK_S)
        if self.stack is not None:
            self.stack.check()
        self.roles.check()
        for child in (self.tuning, *self.operators):
            if child is not None:
                child.wait(0.0)  # it ends by itself: leave no zombie


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


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process; one that does not end when told is killed: multiprocessing's pools can hang when interrupted."""
    process.terminate()
    try:
        process.wait(REPORT_END_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _child(name: str, words: Sequence[str], settings: Settings) -> Child:
    environment = settings.environment() | {"PYTHONUNBUFFERED": "1"}
    return Child(name, command_line(words), settings.data_dir / "logs" / f"{name}.log", environment)


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
