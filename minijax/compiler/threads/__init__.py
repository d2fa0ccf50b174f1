"""Threads: loops cut into parts, and the pool of native threads that works on them."""
