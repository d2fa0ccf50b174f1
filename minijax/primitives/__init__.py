"""Floor 2: the primitives, one file for each family, every rule of a primitive in one place."""
