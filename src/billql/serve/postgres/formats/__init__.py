"""How messages carry values: as text or in binary, as parameters and as results, and in COPY."""
