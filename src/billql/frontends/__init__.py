"""Front ends: each is one file that stands on a session and knows nothing of the others."""
