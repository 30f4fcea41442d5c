"""Training, tuning and evaluation of policies in the simulated worlds; the only place that imports torch."""
