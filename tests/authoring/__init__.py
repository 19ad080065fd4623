"""Tests of writing definitions."""
