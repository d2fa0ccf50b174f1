"""What minijax.scipy.special exports; written from the table in `__init__.py`."""

from minijax.scipy.special.bessel_functions import bessel_jn as bessel_jn
from minijax.scipy.special.bessel_functions import i0 as i0
from minijax.scipy.special.bessel_functions import i0e as i0e
from minijax.scipy.special.bessel_functions import i1 as i1
from minijax.scipy.special.bessel_functions import i1e as i1e
from minijax.scipy.special.entropies import boxcox as boxcox
from minijax.scipy.special.entropies import boxcox1p as boxcox1p
from minijax.scipy.special.entropies import entr as entr
from minijax.scipy.special.entropies import kl_div as kl_div
from minijax.scipy.special.entropies import log_softmax as log_softmax
from minijax.scipy.special.entropies import logsumexp as logsumexp
from minijax.scipy.special.entropies import rel_entr as rel_entr
from minijax.scipy.special.entropies import softmax as softmax
from minijax.scipy.special.entropies import xlog1py as xlog1py
from minijax.scipy.special.entropies import xlogy as xlogy
from minijax.scipy.special.error_functions import dawsn as dawsn
from minijax.scipy.special.error_functions import erf as erf
from minijax.scipy.special.error_functions import erfc as erfc
from minijax.scipy.special.error_functions import erfcx as erfcx
from minijax.scipy.special.error_functions import erfinv as erfinv
from minijax.scipy.special.error_functions import exp1 as exp1
from minijax.scipy.special.error_functions import expi as expi
from minijax.scipy.special.error_functions import expit as expit
from minijax.scipy.special.error_functions import log_ndtr as log_ndtr
from minijax.scipy.special.error_functions import logit as logit
from minijax.scipy.special.error_functions import ndtr as ndtr
from minijax.scipy.special.error_functions import ndtri as ndtri
from minijax.scipy.special.error_functions import spence as spence
from minijax.scipy.special.gamma_functions import bernoulli as bernoulli
from minijax.scipy.special.gamma_functions import beta as beta
from minijax.scipy.special.gamma_functions import betainc as betainc
from minijax.scipy.special.gamma_functions import betaln as betaln
from minijax.scipy.special.gamma_functions import comb as comb
from minijax.scipy.special.gamma_functions import digamma as digamma
from minijax.scipy.special.gamma_functions import factorial as factorial
from minijax.scipy.special.gamma_functions import gamma as gamma
from minijax.scipy.special.gamma_functions import gammainc as gammainc
from minijax.scipy.special.gamma_functions import gammaincc as gammaincc
from minijax.scipy.special.gamma_functions import gammaln as gammaln
from minijax.scipy.special.gamma_functions import gammasgn as gammasgn
from minijax.scipy.special.gamma_functions import loggamma as loggamma
from minijax.scipy.special.gamma_functions import multigammaln as multigammaln
from minijax.scipy.special.gamma_functions import poch as poch
from minijax.scipy.special.gamma_functions import polygamma as polygamma
from minijax.scipy.special.gamma_functions import zeta as zeta
from minijax.scipy.special.integrals import expn as expn
from minijax.scipy.special.integrals import fresnel as fresnel
from minijax.scipy.special.integrals import hyp1f1 as hyp1f1
from minijax.scipy.special.integrals import hyp2f1 as hyp2f1
from minijax.scipy.special.integrals import owens_t as owens_t
from minijax.scipy.special.integrals import sici as sici
from minijax.scipy.special.integrals import wofz as wofz
from minijax.scipy.special.legendre import lpmn as lpmn
from minijax.scipy.special.legendre import lpmn_values as lpmn_values
from minijax.scipy.special.spherical_harmonics import sph_harm_y as sph_harm_y

__all__ = [
    "bernoulli",
    "bessel_jn",
    "beta",
    "betainc",
    "betaln",
    "boxcox",
    "boxcox1p",
    "comb",
    "dawsn",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp1",
    "expi",
    "expit",
    "expn",
    "factorial",
    "fresnel",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "gammasgn",
    "hyp1f1",
    "hyp2f1",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "kl_div",
    "log_ndtr",
    "log_softmax",
    "loggamma",
    "logit",
    "logsumexp",
    "lpmn",
    "lpmn_values",
    "multigammaln",
    "ndtr",
    "ndtri",
    "owens_t",
    "poch",
    "polygamma",
    "rel_entr",
    "sici",
    "softmax",
    "spence",
    "sph_harm_y",
    "wofz",
    "xlog1py",
    "xlogy",
    "zeta",
]
