"""The policy contract: what is seen in, what is decided out."""

from typing import Protocol, TypeVar, runtime_checkable

Seen = TypeVar("Seen", contravariant=True)
Decided = TypeVar("Decided", covariant=True)


class Policy(Protocol[Seen, Decided]):
    """Decides and nothing else: no clock, no I/O, no learning, the same answer every time."""

    @property
    def name(self) -> str:
        """The name operators see, e.g. "base-stock"."""
        ...

    @property
    def version(self) -> str:
        """What distinguishes this instance from others of the same name, e.g. a digest of its weights."""
        ...

    def decide(self, observation: Seen) -> Decided:
        """Return the proposed allocation; for stock: order quantities, shape (n,), units, >= 0."""
        ...


@runtime_checkable
class Unsure(Protocol[Seen, Decided]):
    """A policy that knows where it was not trained, and the rule that decides there in its place."""

    @property
    def rule(self) -> Policy[Seen, Decided]:
        """The rule."""
        ...

    def unsure(self, observation: Seen) -> tuple[str, ...]:
        """Return for each item why the rule should decide it, in plain words; "" where the policy is sure."""
        ...
