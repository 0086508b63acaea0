"""Time and new ids: what the core is given as arguments."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone


def now() -> str:
    """Give the time in UTC with three decimals, such as ``2026-03-13T07:02:50.443Z`` (W1.4)."""
    moment = datetime.now(timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def new_id() -> str:
    """Give a UUID of version 4 from the system's secure source, in lower case (W1.3)."""
    return str(uuid.uuid4())
