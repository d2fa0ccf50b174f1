"""Distributions, as in `scipy.stats`: a module of functions for each; statistics of samples."""

from types import ModuleType as _Module

from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.stats import bernoulli as bernoulli
from minijax.scipy.stats import beta as beta
from minijax.scipy.stats import betabinom as betabinom
from minijax.scipy.stats import binom as binom
from minijax.scipy.stats import cauchy as cauchy
from minijax.scipy.stats import chi2 as chi2
from minijax.scipy.stats import dirichlet as dirichlet
from minijax.scipy.stats import expon as expon
from minijax.scipy.stats import gamma as gamma
from minijax.scipy.stats import gennorm as gennorm
from minijax.scipy.stats import geom as geom
from minijax.scipy.stats import gumbel_l as gumbel_l
from minijax.scipy.stats import gumbel_r as gumbel_r
from minijax.scipy.stats import laplace as laplace
from minijax.scipy.stats import logistic as logistic
from minijax.scipy.stats import multinomial as multinomial
from minijax.scipy.stats import multivariate_normal as multivariate_normal
from minijax.scipy.stats import nbinom as nbinom
from minijax.scipy.stats import norm as norm
from minijax.scipy.stats import pareto as pareto
from minijax.scipy.stats import poisson as poisson
from minijax.scipy.stats import t as t
from minijax.scipy.stats import truncnorm as truncnorm
from minijax.scipy.stats import uniform as uniform
from minijax.scipy.stats import vonmises as vonmises
from minijax.scipy.stats import wrapcauchy as wrapcauchy
from minijax.scipy.stats.functions import mode as mode
from minijax.scipy.stats.functions import rankdata as rankdata
from minijax.scipy.stats.functions import sem as sem
from minijax.scipy.stats.kernel_density import gaussian_kde as gaussian_kde

for _module in [value for value in globals().values() if isinstance(value, _Module)]:
    _guard_functions(vars(_module))
_guard_functions(globals())
