"""What the Python array API standard asks a namespace to tell of itself.

Source: https://data-apis.org/array-api/2024.12/API_specification/inspection.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.numpy.creation import zeros

__array_api_version__ = "2024.12"

_KINDS: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]
_DEFAULTS = {
    "real floating": "float64",
    "complex floating": "complex128",
    "integral": "int64",
    "indexing": "int64",
}


class ArrayNamespaceInfo:
    """The dtypes, defaults and limits of `minijax.numpy`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.__array_namespace_info__().default_dtypes()["integral"]
        dtype('int64')
    """

    __slots__ = ()

    def capabilities(self) -> dict[str, bool | int]:
        """Returns what compiled programs can do.

        Shapes that depend on values work on concrete arrays only, so they do not count.
        """
        return {"boolean indexing": False, "data-dependent shapes": False, "max dimensions": 64}

    def default_device(self) -> None:
        """Returns None, which stands for the one device there is."""

    def devices(self) -> list[Any]:
        """Returns what may be passed as `device`: None and the CPU."""
        device: Any = zeros(()).device
        return [None, device]

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype]:
        """Returns the dtypes that results have when none is asked for.

        Args:
            device: accepted for the standard.
        """
        return {kind: np.dtype(name) for kind, name in _DEFAULTS.items()}

    def dtypes(
        self, *, device: Any = None, kind: str | Sequence[str] | None = None
    ) -> dict[str, np.dtype]:
        """Returns the dtypes of the standard by name.

        Args:
            device: accepted for the standard.
            kind: as in `isdtype`: "bool", "signed integer", "unsigned integer", "integral",
                "real floating", "complex floating", "numeric", or several of them.

        Raises:
            KeyError: if a kind is unknown.
        """
        kinds = ("bool", "numeric") if kind is None else (kind,) if isinstance(kind, str) else kind
        if unknown := [k for k in kinds if k not in _KINDS]:
            raise KeyError(f"dtypes: unknown kind {unknown[0]!r}, the kinds are {list(_KINDS)}.")
        return {name: np.dtype(name) for k in kinds for name in _KINDS[k]}


__array_namespace_info__ = ArrayNamespaceInfo
