"""From planned steps to LLVM text: a module for each kind of step.

`numbers` holds scalars of each kind, `folds` the orders of reductions, `sorts` what orders them.
"""
