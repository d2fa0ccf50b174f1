"""Distributions, as in `scipy.stats`: a module of functions for each; statistics of samples."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.stats": """
            bernoulli beta betabinom binom cauchy chi2 dirichlet expon gamma gennorm geom gumbel_l
            gumbel_r laplace logistic multinomial multivariate_normal nbinom norm pareto poisson t
            truncnorm uniform vonmises wrapcauchy
        """,
        "minijax.scipy.stats.functions": "mode rankdata sem",
        "minijax.scipy.stats.kernel_density": "gaussian_kde",
    },
    wrap=_guarded,
)
