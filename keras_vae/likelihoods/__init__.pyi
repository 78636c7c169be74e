from .bernoulli import Bernoulli as Bernoulli
from .binomial import Binomial as Binomial
from .continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from .discretised_logistic_mixture import DiscretisedLogisticMixture as DiscretisedLogisticMixture
from .gaussian import Gaussian as Gaussian
from .gaussian import LearnedGaussian as LearnedGaussian
from .gaussian import OptimalGaussian as OptimalGaussian
from .likelihood import Likelihood as Likelihood
