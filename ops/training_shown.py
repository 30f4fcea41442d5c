"""A training's progress and its manifest in, a moving bar and a table for people out."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from policies.manifest import Manifest, Result


class Evaluated(Protocol):
    """What is read of an evaluation: `simulator.training.watch.Progress` has it."""

    @property
    def done_ratio(self) -> float:
        """The share of the course that is over."""

    @property
    def steps(self) -> int:
        """Item-periods learnt from."""

    @property
    def cost_ratio(self) -> float:
        """Cost on held-out worlds, of the rule's."""

    @property
    def best_cost_ratio(self) -> float:
        """The lowest of them so far."""


class Bar:
    """A progress bar where there is a terminal, a line for each evaluation where there is none."""

    def __init__(self, *, quiet: bool) -> None:
        """Say nothing at all if `quiet`."""
        self._quiet = quiet
        self._bar: Any = None  # tqdm has no types

    def __enter__(self) -> Self:
        """Show an empty bar."""
        from tqdm import tqdm  # noqa: PLC0415  it comes with the extra `train`

        if not self._quiet:
            form = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
            self._bar = tqdm(total=1.0, desc="training", bar_format=form, disable=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar where it is."""
        if self._bar is not None:
            self._bar.close()

    def tell(self, text: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self._bar.write(text)

    def progress(self, evaluated: Evaluated) -> None:
        """Move the bar to where the training is."""
        if self._bar is None:
            return
        best = f"best {evaluated.best_cost_ratio - 1:+.1%}"
        if self._bar.disable:
            self.tell(
                f"{evaluated.done_ratio:4.0%}  {evaluated.steps:>12,} item-periods  "
                f"held out {evaluated.cost_ratio - 1:+.2%} of the rule's cost, {best}"
            )
            return
        self._bar.set_postfix_str(f"{evaluated.cost_ratio - 1:+.1%} of the rule's cost, {best}", refresh=False)
        self._bar.update(min(evaluated.done_ratio, 1.0) - self._bar.n)


def report(manifest: Manifest) -> Sequence[str]:
    """Return the lines of the table and of the promotion record.

    Costs are per pool and period; the difference is to the better rule on the same worlds, with its 95 % interval.
    """
    head = f"{'policy':<20}{'cost':>10}{'fill':>8}{'stock':>9}   difference to the best rule"
    verdict = (
        "the learned policy beat the best rule: it may become champion"
        if manifest.is_proven
        else f"the learned policy did not beat the best rule, {manifest.champion}: it may run as a shadow"
    )
    return [head, *(_row(row) for row in manifest.evaluation), verdict]


def _row(row: Result) -> str:
    difference = f"{row.difference_ratio:+7.1%} [{row.difference_low_ratio:+.1%}, {row.difference_high_ratio:+.1%}]"
    return f"{row.policy:<20}{row.cost_per_period:>10.2f}{row.fill_ratio:>8.1%}{row.stock_units:>9.0f}   {difference}"
