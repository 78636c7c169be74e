from .coupling_flow import CouplingFlow as CouplingFlow
from .deterministic import Deterministic as Deterministic
from .diagonal_normal import DiagonalNormal as DiagonalNormal
from .full_normal import FullNormal as FullNormal
from .posterior import Posterior as Posterior
from .top_down import TopDown as TopDown
