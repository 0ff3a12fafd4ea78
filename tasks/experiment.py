"""The experiment: where the runs of one study stand, and what its page says of them."""

from typing import Any

from tasks.run_page import NOTE

EXPERIMENT = "genrenet"
ABOUT = {
    EXPERIMENT: (
        "Models: a run for each bundle, a child for each seed, one for the machine meanwhile. "
        "`by_track/…` is what the bundle reaches on test tracks, `classical/…` what a classical "
        "method does, `training/…` how its seeds learned. Compare by `by_track/accuracy`, and see "
        "whether the certificates are equal."
    ),
    f"{EXPERIMENT}-leakage": (
        "What a split that leaks pretends: a run for each study, a child for each policy and seed. "
        "No models: figures of the `window` and `track` policies are too good to be true."
    ),
    f"{EXPERIMENT}-folds": (
        "Cross-validation: a run for each study, a child for each fold, tested by models that "
        "learned from the others. No models to use."
    ),
}
"""What each experiment holds; a later study adds its own."""
KIND = {"mlflow.experimentKind": "custom_model_development"}  # the UI's word for what is trained


def open_experiment(mlflow: Any, name: str, files: str | None) -> None:
    """Make an experiment the current one; made, and described, if it is not yet.

    Parameters
    ----------
    mlflow : module
        Pointed at its store.
    name : str
        The experiment's.
    files : str or None
        Address of the folder for its files; the server's choice without one.
    """
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=files)
    experiment = mlflow.set_experiment(name)
    if name in ABOUT and NOTE not in experiment.tags:  # else somebody has worded it anew
        mlflow.set_experiment_tags({NOTE: ABOUT[name], **KIND})
