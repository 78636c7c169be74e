"""The scores of images, whatever computed them."""

from typing import Any, NamedTuple


class Scores(NamedTuple):
    """The scores of each image, in nats, as four float32 arrays `[n]`.

    The lower `elbo` and `bound` are, the more unusual the image.

    Attributes:
        elbo: -(reconstruction + kl).
        reconstruction: -E_q[log p(x|z)], the mean over the samples; the higher, the more unusual.
        kl: KL(q(z|x) || p(z)), in closed form where there is one, else the mean over the samples.
        bound: the importance-weighted bound with the same samples, which is closer to log p(x).
    """

    elbo: Any
    reconstruction: Any
    kl: Any
    bound: Any
