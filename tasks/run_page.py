"""The page of a run in MLflow's UI: its address, and the description on top of it.

Addresses are those of MLflow 3.17; ``workflowType`` opens them as pages of trained models, where
the UI would show those of language models' applications.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from genrenet.corpus.audit import LEVELS
from genrenet.markdown import plain

NOTE = "mlflow.note.content"
MADE_BY = "prefect."  # begins the tags that name the Prefect runs
JUDGED = {
    *(
        "by_track/accuracy",
        "by_track/accuracy_low",
        "by_track/accuracy_high",
        "by_track/n",
        "by_track/majority",
    ),
    "classical/accuracy",
}
MODE = "?workflowType=machine_learning"


def run_page(run_id: str, experiment_id: str, base_url: str = "") -> str:
    """The address of a run in the UI at ``base_url``; within the UI without one."""
    return f"{base_url.rstrip('/')}/{_place(run_id, experiment_id)}{MODE}"


def file_page(run_id: str, experiment_id: str, path: str) -> str:
    """The address of a run's file, within the UI."""
    return f"{_place(run_id, experiment_id)}/artifacts/{quote(path)}{MODE}"


def model_summary(figures: Mapping[str, float], *, level: str, split: str) -> str:
    """What came of a model, in Markdown, from its run's metrics and its certificate."""
    promise = LEVELS.get(level, "")
    return f"{_verdict(figures)} Certificate: level `{level}`, split `{split}`. {promise}"


def describe(mlflow: Any, run_id: str, summary: str, links: Mapping[str, str]) -> None:
    """Write what stands on top of a run's page.

    Parameters
    ----------
    mlflow : module
        Connected.
    run_id : str
        The run.
    summary : str
        What came of it, in Markdown.
    links : mapping of str to str
        The Prefect runs that made it: stage and address. They join those of former calls.
    """
    client = mlflow.MlflowClient()
    for stage, address in links.items():
        client.set_tag(run_id, MADE_BY + stage, address)
    run = client.get_run(run_id)
    made_by = [
        f"[{plain(tag.removeprefix(MADE_BY))}]({address})"
        for tag, address in sorted(run.data.tags.items())
        if tag.startswith(MADE_BY)
    ]
    lines = [
        summary,
        *_line("Made by the Prefect runs", made_by),
        *_line("Report", _report(client, run)),
    ]
    client.set_tag(run_id, NOTE, "  \n".join(lines))  # breaks of lines: the UI folds long texts


def _report(client: Any, run: Any) -> list[str]:
    """A link to each file of the report, pages for people first, and one to the figures."""
    found = client.list_artifacts(run.info.run_id)
    inside = [client.list_artifacts(run.info.run_id, file.path) for file in found if file.is_dir]
    files = [file for files in (found, *inside) for file in files if not file.is_dir]
    paths = sorted((PurePosixPath(file.path) for file in files), key=lambda path: path.name)
    pictures = [path for path in paths if path.suffix == ".png"]
    pages = sorted(set(paths) - set(pictures), key=lambda path: (path.suffix != ".md", path.name))
    about = run.info
    return [
        f"[{plain(name)}]({file_page(about.run_id, about.experiment_id, str(path))})"
        for name, path in [(path.name, path) for path in pages]
        + [("figures", path) for path in pictures[:1]]  # opens the list of them
    ]


def _place(run_id: str, experiment_id: str) -> str:
    return f"#/experiments/{experiment_id}/runs/{run_id}"


def _line(what: str, links: list[str]) -> list[str]:
    return [f"{what}: {' · '.join(links)}"] if links else []


def _verdict(figures: Mapping[str, float]) -> str:
    if JUDGED - figures.keys():
        return "Trained, and not yet judged on the test tracks: `evaluate` does that."
    share = {name: f"{value:.1%}" for name, value in figures.items()}
    return (
        f"**{share['by_track/accuracy']}** of {figures['by_track/n']:.0f} test tracks are answered "
        f"rightly (interval {share['by_track/accuracy_low']} to "
        f"{share['by_track/accuracy_high']}); "
        f"the classical baseline answers {share['classical/accuracy']}, the most common class is "
        f"{share['by_track/majority']}."
    )
