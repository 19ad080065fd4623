"""One SQLite connection in which APIs are tables."""
