"""From planned steps to LLVM text: a module for each kind of step and for each kind of scalar."""
