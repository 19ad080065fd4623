"""What an API offers: definitions in YAML, their grammar and rules, and the catalog of tables."""
