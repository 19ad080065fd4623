"""Settings, paths and the config file: what the user has chosen, and where things lie."""
