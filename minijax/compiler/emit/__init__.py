"""From planned steps to LLVM text: one module for each kind of step, one for each kind of scalar."""
