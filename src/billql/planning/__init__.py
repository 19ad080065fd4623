"""Constraints become a method and a list of requests; pure, without input or output."""
