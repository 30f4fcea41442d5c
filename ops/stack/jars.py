"""A pinned list of Maven coordinates in, verified jar files in the user's cache out.

`python -m ops.stack.jars --lock` writes the list anew: it resolves Kafka's dependencies and hashes each file.
A first run downloads what is listed, in parallel, and nothing else; a warm one looks at sizes only.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.errors import ConfigurationError, UnavailableError

KAFKA_VERSION = "4.4.0"
# Kafka logs through slf4j and brings no backend; the simple one writes to the standard error, which we keep.
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.lock.json")
DOWNLOADS_AT_ONCE = 8
ATTEMPTS_MAX = 3
TIMEOUT_S = 30
INSTEAD = "or use servers of your own with --broker HOST:PORT and --redis redis://HOST:PORT/0"


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned file."""

    coordinate: str  # group:artifact:version
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Return its name in the cache.

        >>> Jar("org.slf4j:slf4j-api:1.7.36", "", 0).file_name
        'slf4j-api-1.7.36.jar'
        """
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def cache_folder() -> Path:
    """Return where downloaded and prepared files of the embedded Kafka live, shared by all runs of this user."""
    folder = Path.home() / ".cache" / "headgate" / f"kafka-{KAFKA_VERSION}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot keep Kafka's jars in {folder} ({error}); free that place, {INSTEAD}"
        ) from None
    return folder


def pinned() -> tuple[Jar, ...]:
    """Return the jars of the lock file."""
    return tuple(Jar(**entry) for entry in json.loads(LOCK.read_text())["jars"])


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, so that two first runs at once do not write the same files."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure_jars(
    progress: Callable[[str], None], *, mirror: str = "", folder: Path | None = None, jars: Sequence[Jar] | None = None
) -> list[Path]:
    """Return the verified jar files, after downloading those that `folder` (default: the user's cache) lacks.

    Raises UnavailableError without a network, ConfigurationError when a file is not what was pinned.
    """
    folder = (folder or cache_folder()) / "jars"
    wanted = pinned() if jars is None else jars
    folder.mkdir(parents=True, exist_ok=True)
    if any(_missing(folder, jar) for jar in wanted):
        with locked(folder):
            for stale in folder.parent.glob("prepared-*"):  # made from the files that go missing; see ops.stack.kafka
                shutil.rmtree(stale)
            _download_all(folder, [jar for jar in wanted if _missing(folder, jar)], mirror, progress)
    return [folder / jar.file_name for jar in wanted]


def _missing(folder: Path, jar: Jar) -> bool:
    # Only verified files get this name, by an atomic rename; hashing 45 MB at each start would be for nothing.
    path = folder / jar.file_name
    return not path.is_file() or path.stat().st_size != jar.size_bytes


def _download_all(folder: Path, jars: Sequence[Jar], mirror: str, progress: Callable[[str], None]) -> None:
    total_mb = sum(jar.size_bytes for jar in jars) / 1e6
    progress(f"Downloading Apache Kafka {KAFKA_VERSION}: {len(jars)} jars, {total_mb:.1f} MB, once")
    done_mb = 0.0
    largest_first = sorted(jars, key=lambda jar: -jar.size_bytes)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as staging,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):
        results = pool.map(lambda jar: _download(jar, folder, Path(staging), mirror), largest_first)
        try:
            for number, jar in enumerate(results, start=1):
                done_mb += jar.size_bytes / 1e6
                progress(f"  {number:2d}/{len(jars)}  {done_mb:5.1f} of {total_mb:.1f} MB  {jar.file_name}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _download(jar: Jar, folder: Path, staging: Path, mirror: str) -> Jar:
    from jgo.maven import MavenContext  # noqa: PLC0415  only a first run pays for importing it

    repositories = {"mirror": mirror} if mirror else None  # None: the library's default repository
    context = MavenContext(repo_cache=staging, remote_repos=repositories, timeout=TIMEOUT_S)
    group, artifact, version = jar.coordinate.split(":")
    wanted = context.project(group, artifact).at_version(version).artifact()
    path = _fetched(wanted.resolve, jar, staging, mirror)
    verify(path, jar)
    path.replace(folder / jar.file_name)
    return jar


def _fetched(fetch: Callable[[], Path], jar: Jar, staging: Path, mirror: str) -> Path:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        for half in staging.rglob(jar.file_name):  # of a broken attempt
            half.unlink()
        try:
            return fetch()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors; "not found" is a RuntimeError
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise ConfigurationError(f"the disk is full under {staging}; free 200 MB, {INSTEAD}") from error
            if attempt == ATTEMPTS_MAX:
                raise UnavailableError(
                    f"cannot download {jar.file_name} ({type(error).__name__}) from "
                    f"{mirror or 'the default Maven repository'}. The first run needs a network: check it (behind a "
                    "proxy also HTTPS_PROXY and REQUESTS_CA_BUNDLE), name another repository in "
                    f"HEADGATE_MAVEN_MIRROR, {INSTEAD}"
                ) from error
    raise AssertionError("the last attempt returns or raises")


def verify(path: Path, jar: Jar) -> None:
    """Raise ConfigurationError unless `path` holds exactly what was pinned."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise ConfigurationError(
            f"{jar.file_name} has checksum {found[:16]}..., pinned is {jar.sha256[:16]}...: not the file that was "
            f"tested, so it is not used. Try again, check HEADGATE_MAVEN_MIRROR or a proxy that rewrites downloads, "
            f"{INSTEAD}"
        )


def write_lock(path: Path = LOCK) -> int:
    """Resolve Kafka's dependencies, write them with checksum and size, and return their number."""
    import jgo  # noqa: PLC0415

    jars = []
    for artifact in jgo.resolve(ENDPOINT):
        data = artifact.resolve().read_bytes()
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        jars.append({"coordinate": coordinate, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)})
    jars.sort(key=lambda jar: str(jar["coordinate"]))
    path.write_text(json.dumps({"endpoint": ENDPOINT, "jars": jars}, indent=1) + "\n")
    return len(jars)


def main() -> None:
    """Write the lock file, or download what it lists."""
    parser = argparse.ArgumentParser(description="download Kafka's jars, or pin them anew")
    parser.add_argument("--lock", action="store_true", help="resolve and write the lock file")
    parser.add_argument("--clear", action="store_true", help="remove the cache")
    options = parser.parse_args()
    if options.lock:
        print(f"{LOCK.name}: {write_lock()} jars")
    elif options.clear:
        shutil.rmtree(cache_folder())
    else:
        print(f"{len(ensure_jars(print))} jars in {cache_folder()}")


if __name__ == "__main__":
    main()
