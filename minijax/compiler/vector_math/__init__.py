"""Elementary functions on vectors, in the machine's own instructions."""
