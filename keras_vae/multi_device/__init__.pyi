from .collectives import assert_same_on_workers as assert_same_on_workers
from .lost_worker import WorkerLost as WorkerLost
from .strategies import get_strategy as get_strategy
