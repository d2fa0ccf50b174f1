"""Random numbers from explicit keys: `minijax.random` has the functions of `jax.random`.

    >>> from minijax import random
    >>> key, subkey = random.split(random.key(0))
    >>> random.normal(subkey, (2,)).shape
    (2,)
"""

from minijax.random.distributions import categorical as categorical
from minijax.random.distributions import cauchy as cauchy
from minijax.random.distributions import exponential as exponential
from minijax.random.distributions import gumbel as gumbel
from minijax.random.distributions import laplace as laplace
from minijax.random.distributions import logistic as logistic
from minijax.random.distributions import normal as normal
from minijax.random.distributions import truncated_normal as truncated_normal
from minijax.random.keys import PRNGKey as PRNGKey
from minijax.random.keys import bits as bits
from minijax.random.keys import clone as clone
from minijax.random.keys import fold_in as fold_in
from minijax.random.keys import key as key
from minijax.random.keys import key_data as key_data
from minijax.random.keys import key_impl as key_impl
from minijax.random.keys import split as split
from minijax.random.keys import wrap_key_data as wrap_key_data
from minijax.random.uniform import bernoulli as bernoulli
from minijax.random.uniform import choice as choice
from minijax.random.uniform import permutation as permutation
from minijax.random.uniform import rademacher as rademacher
from minijax.random.uniform import randint as randint
from minijax.random.uniform import uniform as uniform
