"""Floor 4: the transformations: arguments, pytrees and messages; the work is done below."""
