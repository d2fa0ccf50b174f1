"""Functions for neural networks: activations, softmax and its relatives, one-hot encoding."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.nn": "initializers",
        "minijax.nn.activations": """
            celu elu gelu glu hard_sigmoid hard_silu hard_swish hard_tanh identity leaky_relu
            log1mexp log_sigmoid mish relu relu6 selu sigmoid silu soft_sign softplus sparse_plus
            sparse_sigmoid squareplus swish tanh
        """,
        "minijax.nn.attention": "dot_product_attention",
        "minijax.nn.normalization": "log_softmax logmeanexp logsumexp one_hot softmax standardize",
    },
    wrap=_guarded,
)
