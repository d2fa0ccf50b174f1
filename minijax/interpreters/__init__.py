"""Floor 1: the interpretations of the one language of primitives."""
