from .collapse_monitor import CollapseMonitor as CollapseMonitor
from .kl_weight_log import KLWeightLog as KLWeightLog
from .tensorboard_samples import TensorBoardSamples as TensorBoardSamples
