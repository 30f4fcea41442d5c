"""The pacemaker: an `Outputs` in, a `Clock` record in every input partition each second out.

It moves the log's time on while all is quiet, so that silence is noticed. Doubled beats are harmless.
"""

from streams.clock import LIVE
from streams.events import Clock
from streams.outputs import Outputs
from streams.topics import INPUT_TOPICS

INTERVAL_S = 1.0


async def beat(outputs: Outputs) -> None:
    """Append one beat to each partition of each input topic."""
    for spec in INPUT_TOPICS:
        for partition in await outputs.partitions(spec.name):
            await outputs.send(spec.name, "", Clock(run_clock=LIVE), partition=partition)
