"""The table of primitives: the rows of every `cases_<family>.py` beside this file."""

import importlib
from pathlib import Path

from tests.primitives.case import Case

# Families that cannot be imported, and why: they fail one test, not the whole table.
BROKEN: dict[str, Exception] = {}


def _rows() -> list[Case]:
    rows: list[Case] = []
    for path in sorted(Path(__file__).parent.glob("cases_*.py")):
        try:
            family = importlib.import_module(f"tests.primitives.{path.stem}")
        except Exception as error:
            BROKEN[path.stem] = error
        else:
            rows.extend(family.CASES)
    return rows


CASES: list[Case] = _rows()
