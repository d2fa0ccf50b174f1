"""What keeps compiled entries away: traces in action and overridden flags, of any thread.

An entry runs a program at once and asks no trace. It may do so only while nothing is being traced,
mapped or overridden, which it sees in one load: the set is empty. Adding and discarding are single
operations of the interpreter, so threads do not disturb each other.
"""

from __future__ import annotations

from typing import Any

busy: set[Any] = set()
