"""Who is champion and who challenger in, the same after an operator's word out; sealed in a file with its history.

A policy is named by a reference: the short version of a trained network, "0123456789ab", or a rule with the parameters
that were tuned beside one, "base-stock@0123456789ab". The rules of promotion:

| word                        | champion becomes   | challenger becomes | canary share |
|-----------------------------|--------------------|--------------------|--------------|
| promote, proven, or a rule  | it                 | nobody, if it was  | 0            |
| promote, not proven         | stays              | it: a shadow       | 0            |
| challenge, with a share     | stays              | it                 | the share    |
| rollback while a share > 0  | stays              | stays, as a shadow | 0            |
| rollback                    | the one before it  | stays              | 0            |
| withdraw                    | stays              | nobody             | 0            |
"""

import hashlib
import hmac
from pathlib import Path

import msgspec

from policies.errors import PolicyFileError

FILE = "aliases.json"
HISTORY_MAX = 100  # newest changes kept
SALT_DEFAULT = "canary"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change, for people."""

    revision: int
    action: str  # "promote", "challenge", "rollback" or "withdraw"
    policy: str  # the reference that it was about
    champion: str  # after it
    challenger: str | None
    canary_ratio: float
    reason: str
    operator: str
    at_s: float  # wall time


class Aliases(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides. Readers ignore fields they do not know, so that versions can be rolled."""

    champion: str  # reference
    challenger: str | None = None  # reference; decides its share, and is recorded beside the champion
    previous: str | None = None  # the champion before this one
    canary_ratio: float = 0.0  # share of items that the challenger decides; 0: it is a shadow
    salt: str = SALT_DEFAULT  # another one picks other items
    revision: int = 0  # raised by every change; 0: nobody has changed anything yet
    history: tuple[Change, ...] = ()  # newest last

    @property
    def references(self) -> tuple[str, ...]:
        """Return every reference that may be needed now or after one step back."""
        return tuple(dict.fromkeys(one for one in (self.champion, self.challenger, self.previous) if one))


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's word: who says it, why and when."""

    operator: str
    reason: str
    at_s: float  # wall time


def version_of(reference: str) -> str:
    """Return the version of the trained policy that a reference needs.

    >>> version_of("base-stock@0123456789ab"), version_of("0123456789ab")
    ('0123456789ab', '0123456789ab')
    """
    return reference.rpartition("@")[2]


def promoted(before: Aliases, reference: str, word: Word) -> Aliases:
    """Return the aliases with a new champion; the one before is a step back away."""
    if reference == before.champion:
        raise PolicyFileError(f"{reference} is the champion already")
    challenger = None if before.challenger == reference else before.challenger
    changes = {"champion": reference, "previous": before.champion, "challenger": challenger, "canary_ratio": 0.0}
    return _changed(before, "promote", reference, word, **changes)


def challenged(before: Aliases, reference: str, canary_ratio: float, word: Word) -> Aliases:
    """Return the aliases with a challenger that decides `canary_ratio` of the items, 0 of them as a shadow."""
    if not 0 <= canary_ratio < 1:
        raise PolicyFileError(f"a canary share of {canary_ratio:g} is not from 0 to below 1")
    if reference == before.champion:
        raise PolicyFileError(f"{reference} is the champion: it has nobody to challenge")
    return _changed(before, "challenge", reference, word, challenger=reference, canary_ratio=canary_ratio)


def rolled_back(before: Aliases, word: Word) -> Aliases:
    """Return the aliases one step back: a canary share ends first, then the champion before this one returns."""
    if before.challenger and before.canary_ratio > 0:
        return _changed(before, "rollback", before.challenger, word, canary_ratio=0.0)
    if before.previous is None:
        raise PolicyFileError("there is no champion before this one to go back to; promote another one")
    challenger = None if before.challenger == before.previous else before.challenger
    changes = {"champion": before.previous, "previous": None, "challenger": challenger}
    return _changed(before, "rollback", before.previous, word, **changes)


def withdrawn(before: Aliases, word: Word) -> Aliases:
    """Return the aliases without a challenger."""
    if before.challenger is None:
        raise PolicyFileError("there is no challenger to withdraw")
    return _changed(before, "withdraw", before.challenger, word, challenger=None, canary_ratio=0.0)


def is_canary(aliases: Aliases, pool_id: str, resource_id: str) -> bool:
    """Return whether the challenger decides this item: the same for every worker, today and tomorrow.

    >>> aliases = Aliases(champion="a", challenger="b", canary_ratio=0.25)
    >>> sum(is_canary(aliases, "shop", f"item-{number}") for number in range(1000))
    254
    """
    if aliases.challenger is None or aliases.canary_ratio <= 0:
        return False
    digest = hashlib.blake2b(f"{aliases.salt}\n{pool_id}\n{resource_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < aliases.canary_ratio * 2.0**64


def seal(key: bytes, body: bytes) -> str:
    """Return the seal of encoded aliases; its first word keeps it apart from those of networks."""
    return hmac.new(key, b"aliases\n" + body, hashlib.sha256).hexdigest()


def opened(body: bytes, found: str, key: bytes | None, where: str) -> Aliases:
    """Return the aliases in `body`; raise PolicyFileError unless they carry the seal of this installation."""
    if key is None:
        raise PolicyFileError(f"{where} cannot be checked without the seal key of this installation")
    if not hmac.compare_digest(seal(key, body).encode(), found.encode()):
        raise PolicyFileError(f"{where} was modified, or sealed with another installation's key")
    try:
        return msgspec.json.decode(body, type=Aliases)
    except msgspec.DecodeError as error:
        raise PolicyFileError(f"{where} says nothing that this version of headgate understands: {error}") from error


class _Sealed(msgspec.Struct):
    seal: str
    aliases: msgspec.Raw


def read(folder: Path, key: bytes | None) -> Aliases | None:
    """Return the aliases kept in `folder`, None when there are none; raise PolicyFileError when they are not ours."""
    path = folder / FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Sealed)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise PolicyFileError(f"{path} cannot be read: {error}") from error
    return opened(bytes(kept.aliases), kept.seal, key, str(path))


def write(folder: Path, aliases: Aliases, key: bytes) -> None:
    """Keep `aliases` in `folder`, whole or not at all."""
    body = msgspec.json.encode(aliases)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE}.partial"
    partial.write_bytes(msgspec.json.encode(_Sealed(seal(key, body), msgspec.Raw(body))))
    partial.replace(folder / FILE)


def _changed(before: Aliases, action: str, reference: str, word: Word, **changes: object) -> Aliases:
    after = msgspec.structs.replace(before, revision=before.revision + 1, **changes)
    change = Change(
        revision=after.revision,
        action=action,
        policy=reference,
        champion=after.champion,
        challenger=after.challenger,
        canary_ratio=after.canary_ratio,
        reason=word.reason,
        operator=word.operator,
        at_s=word.at_s,
    )
    return msgspec.structs.replace(after, history=(*before.history, change)[-HISTORY_MAX:])
