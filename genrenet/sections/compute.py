"""Where the work runs."""

from typing import Literal

from genrenet.settings import Positive, Settings


class Compute(Settings):
    """Where the work runs. It changes no output."""

    executor: Literal["auto", "ray", "serial"] = "auto"
    n_workers: Positive | None = None
    n_threads: Positive | None = None
    threads_per_seed: Positive = 1
    environment: tuple[str, ...] = (
        "AWS_*",
        "AZURE_*",
        "GOOGLE_*",
        "MLFLOW_TRACKING_*",
        "SSL_CERT_*",
        "*_CA_BUNDLE",
        "*_PROXY",
        "*_proxy",
    )
