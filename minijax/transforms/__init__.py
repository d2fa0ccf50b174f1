"""Floor 4: the transformations. They deal with arguments, pytrees and messages; the work is below."""
