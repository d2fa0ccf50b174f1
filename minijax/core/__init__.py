"""Floor 0: dtypes, avals, pytrees, traces, primitives, jaxprs, arrays, errors."""
