"""The cache of machine code on disk: a program compiled once on a machine is only linked again.

    location   the folder, from the configuration and the platform
    store      files: checked when read, put in place at once when written, the oldest dropped
    key        what decides which machine code a program becomes, as a name for a file
    record     what is kept of a program: its object and the few numbers that running it needs
    modules    compiling a module of LLVM text through the cache
    machine    what LLVM says of the machine, so that it need not be loaded to be asked

Nothing that happens to the folder may break a program: what cannot be read is compiled again, and
a folder that cannot be written to is left alone.
"""
