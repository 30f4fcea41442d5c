"""Tests of `headgate backtest`."""
