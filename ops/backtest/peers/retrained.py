"""A pool's table in, what a tuned LightGBM that is fitted again every day says out; each part is kept as it is done."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ops.backtest.configuration import Configuration
from ops.backtest.kept import Keeper
from ops.backtest.peers.days import Share
from ops.backtest.peers.gradient_boosting import Boosting
from ops.backtest.peers.tuning import tuned
from ops.backtest.protocol import Said, joined
from ops.backtest.table import PoolTable


@dataclass(frozen=True, slots=True)
class Retrained:
    """The peer."""

    trials: int  # of Optuna, before the reported span; 0: the usual settings
    seed: int = 20
    days: int = 1  # from one fit to the next
    tells_mean: bool = True

    def ask(
        self, table: PoolTable, configuration: Configuration, done: Callable[[int], None], kept: Keeper, name: str
    ) -> Said:
        """Return what it says of a pool's reported span; `done` is told of periods.

        The settings, each horizon and the sum are kept apart, under names that begin with `name`.
        """
        parts: dict[str, Callable[[Boosting], Said]] = {}
        share = Share(done, len(table.starts_s) - 1, 1 + len(configuration.horizons) + (configuration.lead_periods > 1))
        for ahead in configuration.horizons:
            parts[f"{name}+{ahead}"] = partial(_periods, table, configuration, ahead, share)
        if configuration.lead_periods > 1:
            parts[f"{name}-sum"] = partial(_sums, table, configuration, share)
        boosting = Boosting()
        if self.trials:
            choose = partial(tuned, table, configuration, self.trials, self.seed, share.some)
            boosting = kept.chosen(f"{name}-settings", Boosting, choose)
        share.end()
        boosting = replace(boosting, days=self.days, tells_mean=self.tells_mean)
        said = []
        for part, say in parts.items():
            said.append(kept.asked(part, partial(say, boosting)))
            share.end()
        return joined(said)


def _periods(table: PoolTable, configuration: Configuration, ahead: int, share: Share, boosting: Boosting) -> Said:
    return boosting.periods(table, configuration, ahead, share.some)


def _sums(table: PoolTable, configuration: Configuration, share: Share, boosting: Boosting) -> Said:
    return boosting.sums(table, configuration, share.some)
