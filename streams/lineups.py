"""A pool's policy by name in, who decides for it out: champion, challenger, or what the catalog names.

Networks come from this worker's DATA_DIR, from what ships with headgate, or from the topic `policies`, where what was
promoted lies whole, so that a worker needs no shared folder. Who is champion and challenger is told by the topic; while
nothing was promoted on this broker, by DATA_DIR.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases
from policies.errors import PolicyFileError
from policies.observation import Float32s, Observation
from policies.registry import CHALLENGER, CHAMPION, resolve, standing
from policies.trained_files import Trained
from streams.control_view import ControlView
from streams.events import Role
from streams.lineup import REASON_CHARACTERS_MAX, InventoryPolicy, Lineup
from streams.policy_events import FAMILY, PolicyFile

log = logging.getLogger(__name__)


class UnloadedPolicy:
    """Stands in for a policy whose file cannot be trusted, so that its pools are decided by the baseline."""

    version = "none"

    def __init__(self, name: str, error: PolicyFileError) -> None:
        self.name = name
        self._error = error

    def decide(self, observation: Observation) -> Float32s:  # noqa: ARG002  the contract's argument
        """Raise why it could not be loaded, whatever is seen."""
        raise self._error from None


class Lineups:
    """Loads each policy once, and again when champion or challenger have changed."""

    def __init__(self, view: ControlView, data_dir: Path, seal_key: Callable[[], bytes]) -> None:
        self._view = view
        self._data_dir = data_dir
        self._seal_key = seal_key
        self._loaded: dict[str, Lineup] = {}
        self._seal: str | None = None  # of the aliases that `_loaded` was loaded under

    def of(self, name: str) -> Lineup:
        """Return who decides a pool whose catalog says `policy = name`; never raises for what is wrong with a file."""
        record = self._view.policy_aliases
        seal = record.seal if record else None
        if seal != self._seal:
            self._loaded, self._seal = {}, seal
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def aliases(self) -> Aliases:
        """Return who is champion and challenger now; raise PolicyFileError when what is told cannot be trusted."""
        record = self._view.policy_aliases
        if record is None:
            return standing(self._data_dir, self._seal_key())
        return alias_files.opened(bytes(record.aliases), record.seal, self._seal_key(), "topic policies: aliases")

    def find(self, version: str) -> Trained:
        """Return the files of a version; raise PolicyFileError when they are nowhere or cannot be trusted."""
        try:
            return trained_files.find(version, self._data_dir, self._seal_key())
        except PolicyFileError:
            told = self._view.policy_file(version)
            if told is None:
                raise
            return opened(told, self._seal_key())

    def _load(self, name: str) -> Lineup:
        role: Role = "champion" if name == CHAMPION else "catalog"
        try:
            aliases = self.aliases()
            policy = resolve(name, aliases, self.find)
        except PolicyFileError as error:
            log.error("its pools are decided by the baseline: %s", error)  # noqa: TRY400  the text says it all
            return Lineup(UnloadedPolicy(name, error), role)
        if name != CHAMPION:
            return Lineup(policy, role)
        challenger, failed = self._challenger(aliases)
        return Lineup(policy, role, challenger, failed, aliases)

    def _challenger(self, aliases: Aliases) -> tuple[InventoryPolicy | None, str]:
        if aliases.challenger is None:
            return None, ""
        try:
            return resolve(CHALLENGER, aliases, self.find), ""
        except PolicyFileError as error:
            log.error("the challenger is left out, the champion decides all: %s", error)  # noqa: TRY400
            return None, str(error)[:REASON_CHARACTERS_MAX]


def opened(told: PolicyFile, seal_key: bytes) -> Trained:
    """Return the policy on the topic; raise PolicyFileError unless it carries the seal of this installation."""
    text, where = bytes(told.manifest), f"topic policies, {FAMILY}/{told.version}"
    if not trained_files.is_sealed(seal_key, text, told.network, told.seal):
        raise PolicyFileError(
            f"{where} was modified, or sealed with another installation's key: workers need the HEADGATE_SEAL_HMAC_KEY "
            "of whoever promoted it"
        )
    trained = trained_files.checked(Path(where), text, told.network)
    if trained.manifest.short_version != told.version:
        raise PolicyFileError(f"{where} holds another version, {trained.manifest.short_version}")
    return trained
