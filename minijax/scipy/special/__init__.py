"""Special functions, as in `scipy.special`, elementwise on arrays."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.special.bessel_functions": "bessel_jn i0 i0e i1 i1e",
        "minijax.scipy.special.entropies": """
            boxcox boxcox1p entr kl_div log_softmax logsumexp rel_entr softmax xlog1py xlogy
        """,
        "minijax.scipy.special.error_functions": """
            dawsn erf erfc erfcx erfinv exp1 expi expit log_ndtr logit ndtr ndtri spence
        """,
        "minijax.scipy.special.gamma_functions": """
            bernoulli beta betainc betaln comb digamma factorial gamma gammainc gammaincc gammaln
            gammasgn loggamma multigammaln poch polygamma zeta
        """,
        "minijax.scipy.special.integrals": "expn fresnel hyp1f1 hyp2f1 owens_t sici wofz",
        "minijax.scipy.special.legendre": "lpmn lpmn_values",
        "minijax.scipy.special.spherical_harmonics": "sph_harm_y",
    },
    wrap=_guarded,
)
