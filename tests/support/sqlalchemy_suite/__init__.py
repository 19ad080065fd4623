"""What SQLAlchemy's own suite for dialects needs to test the dialect `billql://`.

requirements   what SQLite has, beside what the suite takes for granted, and what it lacks
exclusions     the tests that fail, and why
plugin         the databases that the suite opens
"""
