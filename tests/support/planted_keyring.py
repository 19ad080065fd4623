"""A keyring for the real `keyring` package, which holds what an environment variable says."""

from __future__ import annotations

import os

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Planted(KeyringBackend):
    """Holds one password; a locked one gives none."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        if "PLANTED_LOCKED" in os.environ:
            raise KeyringLocked("planted-in-the-reason")
        planted = os.environ["PLANTED_USER"], os.environ["PLANTED_PASSWORD"]
        return planted[1] if (service, username) == ("billql", planted[0]) else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError
