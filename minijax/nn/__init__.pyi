"""What minijax.nn exports; written from the table in `__init__.py`."""

from minijax.nn import initializers as initializers
from minijax.nn.activations import celu as celu
from minijax.nn.activations import elu as elu
from minijax.nn.activations import gelu as gelu
from minijax.nn.activations import glu as glu
from minijax.nn.activations import hard_sigmoid as hard_sigmoid
from minijax.nn.activations import hard_silu as hard_silu
from minijax.nn.activations import hard_swish as hard_swish
from minijax.nn.activations import hard_tanh as hard_tanh
from minijax.nn.activations import identity as identity
from minijax.nn.activations import leaky_relu as leaky_relu
from minijax.nn.activations import log1mexp as log1mexp
from minijax.nn.activations import log_sigmoid as log_sigmoid
from minijax.nn.activations import mish as mish
from minijax.nn.activations import relu as relu
from minijax.nn.activations import relu6 as relu6
from minijax.nn.activations import selu as selu
from minijax.nn.activations import sigmoid as sigmoid
from minijax.nn.activations import silu as silu
from minijax.nn.activations import soft_sign as soft_sign
from minijax.nn.activations import softplus as softplus
from minijax.nn.activations import sparse_plus as sparse_plus
from minijax.nn.activations import sparse_sigmoid as sparse_sigmoid
from minijax.nn.activations import squareplus as squareplus
from minijax.nn.activations import swish as swish
from minijax.nn.activations import tanh as tanh
from minijax.nn.attention import dot_product_attention as dot_product_attention
from minijax.nn.normalization import log_softmax as log_softmax
from minijax.nn.normalization import logmeanexp as logmeanexp
from minijax.nn.normalization import logsumexp as logsumexp
from minijax.nn.normalization import one_hot as one_hot
from minijax.nn.normalization import softmax as softmax
from minijax.nn.normalization import standardize as standardize

__all__ = [
    "celu",
    "dot_product_attention",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "identity",
    "initializers",
    "leaky_relu",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "mish",
    "one_hot",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softmax",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "standardize",
    "swish",
    "tanh",
]
