from .bundle import export_bundle as export_bundle
from .verification.verify import BundleError as BundleError
from .verification.verify import verify_bundle as verify_bundle
