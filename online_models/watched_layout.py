"""What the loops of `watched` say of a series whose model changes: for `watched`, and for the loops."""

AWAY = 1  # the simple model serves from now on
BACK = 2  # and the learned one does again
