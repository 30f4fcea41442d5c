"""Policies for stock."""
