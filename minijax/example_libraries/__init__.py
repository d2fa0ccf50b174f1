"""Small libraries built on the package: gradient descent, and neural networks as pairs."""
