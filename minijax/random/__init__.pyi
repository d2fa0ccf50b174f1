"""What minijax.random exports; written from the table in `__init__.py`."""

from minijax.random.continuous import double_sided_maxwell as double_sided_maxwell
from minijax.random.continuous import lognormal as lognormal
from minijax.random.continuous import maxwell as maxwell
from minijax.random.continuous import pareto as pareto
from minijax.random.continuous import rayleigh as rayleigh
from minijax.random.continuous import triangular as triangular
from minijax.random.continuous import wald as wald
from minijax.random.continuous import weibull_min as weibull_min
from minijax.random.counts import binomial as binomial
from minijax.random.counts import geometric as geometric
from minijax.random.counts import multinomial as multinomial
from minijax.random.counts import poisson as poisson
from minijax.random.distributions import cauchy as cauchy
from minijax.random.distributions import exponential as exponential
from minijax.random.distributions import gumbel as gumbel
from minijax.random.distributions import laplace as laplace
from minijax.random.distributions import logistic as logistic
from minijax.random.distributions import normal as normal
from minijax.random.distributions import truncated_normal as truncated_normal
from minijax.random.gammas import beta as beta
from minijax.random.gammas import chisquare as chisquare
from minijax.random.gammas import dirichlet as dirichlet
from minijax.random.gammas import f as f
from minijax.random.gammas import gamma as gamma
from minijax.random.gammas import generalized_normal as generalized_normal
from minijax.random.gammas import loggamma as loggamma
from minijax.random.gammas import t as t
from minijax.random.keys import PRNGKey as PRNGKey
from minijax.random.keys import bits as bits
from minijax.random.keys import clone as clone
from minijax.random.keys import fold_in as fold_in
from minijax.random.keys import key as key
from minijax.random.keys import key_data as key_data
from minijax.random.keys import key_dtype as key_dtype
from minijax.random.keys import key_impl as key_impl
from minijax.random.keys import split as split
from minijax.random.keys import wrap_key_data as wrap_key_data
from minijax.random.shuffles import categorical as categorical
from minijax.random.shuffles import choice as choice
from minijax.random.shuffles import permutation as permutation
from minijax.random.uniform_draws import bernoulli as bernoulli
from minijax.random.uniform_draws import rademacher as rademacher
from minijax.random.uniform_draws import randint as randint
from minijax.random.uniform_draws import uniform as uniform
from minijax.random.vectors import ball as ball
from minijax.random.vectors import multivariate_normal as multivariate_normal
from minijax.random.vectors import orthogonal as orthogonal

__all__ = [
    "PRNGKey",
    "ball",
    "bernoulli",
    "beta",
    "binomial",
    "bits",
    "categorical",
    "cauchy",
    "chisquare",
    "choice",
    "clone",
    "dirichlet",
    "double_sided_maxwell",
    "exponential",
    "f",
    "fold_in",
    "gamma",
    "generalized_normal",
    "geometric",
    "gumbel",
    "key",
    "key_data",
    "key_dtype",
    "key_impl",
    "laplace",
    "loggamma",
    "logistic",
    "lognormal",
    "maxwell",
    "multinomial",
    "multivariate_normal",
    "normal",
    "orthogonal",
    "pareto",
    "permutation",
    "poisson",
    "rademacher",
    "randint",
    "rayleigh",
    "split",
    "t",
    "triangular",
    "truncated_normal",
    "uniform",
    "wald",
    "weibull_min",
    "wrap_key_data",
]
