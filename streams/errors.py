"""Every error by what its catcher must do: park the event, hold the decision, retry, fix the settings, or stop."""


class HeadgateError(Exception):
    """The base of all errors that carry a message for people: what, which one, and the limit it broke."""


class InvalidEventError(HeadgateError):
    """Park it: this one event is bad. Send it to the dead letters and go on.

    >>> str(InvalidEventError("negative-quantity", "quantity_units -3.0 of a sale is below 0"))
    'negative-quantity: quantity_units -3.0 of a sale is below 0'
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule
        self.message = message


class StaleForecastError(HeadgateError):
    """Hold: a forecast or view is too old to decide from; fall back to the baseline."""


class UnavailableError(HeadgateError):
    """Retry: a broker, Redis or a receiver does not answer."""


class ConfigurationError(HeadgateError):
    """Fix it and start again: a setting, catalog, mapping or policy file is wrong. The text says which line."""


class StateError(HeadgateError):
    """Stop: going on would lose or double events. The text names the command that resolves it."""
