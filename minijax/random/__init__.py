"""Random numbers from explicit keys: `minijax.random` has the functions of `jax.random`.

>>> from minijax import random
>>> key, subkey = random.split(random.key(0))
>>> random.normal(subkey, (2,)).shape
(2,)
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.random.continuous": """
            double_sided_maxwell lognormal maxwell pareto rayleigh triangular wald weibull_min
        """,
        "minijax.random.counts": "binomial geometric multinomial poisson",
        "minijax.random.distributions": """
            cauchy exponential gumbel laplace logistic normal truncated_normal
        """,
        "minijax.random.gammas": "beta chisquare dirichlet f gamma generalized_normal loggamma t",
        "minijax.random.keys": """
            PRNGKey bits clone fold_in key key_data key_dtype key_impl split wrap_key_data
        """,
        "minijax.random.shuffles": "categorical choice permutation",
        "minijax.random.uniform_draws": "bernoulli rademacher randint uniform",
        "minijax.random.vectors": "ball multivariate_normal orthogonal",
    },
)
