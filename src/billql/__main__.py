"""`python -m billql` is `billql`."""

from __future__ import annotations

import sys

from billql.cli import entry_point

sys.exit(entry_point())
