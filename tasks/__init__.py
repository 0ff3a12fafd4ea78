"""Units of work that touch the disk, the cluster or MLflow."""
