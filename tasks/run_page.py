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
MODE = "?workflowType=machine_learning"


def run_page(run_id: str, experiment_id: str, base_url: str = "") -> str:
    """The address of a run in the UI at ``base_url``; within the UI without one."""
    return f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}{MODE}"


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
    lines = [summary, *_line("Made by the Prefect runs", made_by), *_files(client, run)]
    client.set_tag(run_id, NOTE, "\n\n".join(lines))


def _files(client: Any, run: Any) -> list[str]:
    """A line for each folder of artifacts, with a link to each file; the report before figures."""
    found = sorted(client.list_artifacts(run.info.run_id), key=lambda file: file.path, reverse=True)
    folders = {"Files": [file for file in found if not file.is_dir]}
    for folder in found:
        if folder.is_dir:
            name = folder.path.capitalize()
            folders[name] = client.list_artifacts(run.info.run_id, folder.path)
    return [
        line
        for name, files in folders.items()
        for line in _line(name, [_file(run, path) for path in _in_order(files)])
    ]


def _in_order(files: list[Any]) -> list[PurePosixPath]:
    """Pages for people first."""
    paths = [PurePosixPath(file.path) for file in files]
    return sorted(paths, key=lambda path: (path.suffix != ".md", path.name))


def _file(run: Any, path: PurePosixPath) -> str:
    page = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts"
    name = path.stem if path.suffix == ".png" else path.name
    return f"[{plain(name)}]({page}/{quote(str(path))}{MODE})"


def _line(what: str, links: list[str]) -> list[str]:
    return [f"{what}: {' · '.join(links)}"] if links else []


def _verdict(figures: Mapping[str, float]) -> str:
    if "track/accuracy" not in figures:
        return "Trained, and not yet judged on the test tracks: `evaluate` does that."
    share = {name: f"{value:.1%}" for name, value in figures.items()}
    return (
        f"**{share['track/accuracy']}** of {figures['track/n']:.0f} test tracks are answered "
        f"rightly (interval {share['track/accuracy_low']} to {share['track/accuracy_high']}); "
        f"the classical baseline answers {share['baseline/accuracy']}, the most common class is "
        f"{share['track/majority']}."
    )
