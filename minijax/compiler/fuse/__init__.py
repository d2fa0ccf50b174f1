"""From a kernel program to steps: which elements are loops and which melt into their consumers."""
