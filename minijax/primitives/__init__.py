"""Floor 2: the primitives, one file for each family, with every rule of a primitive in one place."""
