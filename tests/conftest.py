"""Hypothesis draws the same examples on every run, so that no test depends on luck."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("ci")
