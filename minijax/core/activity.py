"""What keeps native code away: traces in action and flags that change results, of any thread.

An entry of a compiled function runs a program at once and asks no trace. It may do so only while
nothing is being traced, mapped or overridden, which it sees in one load: `busy` is empty. An
operation on arrays alone is carried out at once by most traces too; `recording` holds those that
record it instead. Adding and discarding are single operations of the interpreter, so threads do
not disturb each other.
"""

from __future__ import annotations

from typing import Any

busy: set[Any] = set()
recording: set[Any] = set()
