"""The command line: ``genrenet predict FILE… | FOLDER``."""

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from genrenet.corpus.recordings import AUDIO
from genrenet.corpus.recordings import recordings as recordings_in
from genrenet.errors import USER_ERROR, GenrenetError
from genrenet.serving.bundle import BUNDLE

app = typer.Typer(
    help="Classify recordings with a model that you trained.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _commands() -> None:
    """Classify recordings with a model that you trained."""


@app.command()
def predict(
    recordings: Annotated[list[Path], typer.Argument(help="Files, or folders of files.")],
    model: Annotated[str, typer.Option(help="A bundle's folder, or models:/NAME@ALIAS.")] = str(
        BUNDLE
    ),
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the timeline.")
    ] = False,
) -> None:
    """Say what each recording is, one answer a track."""
    paths = list(_files(recordings))
    if not paths:
        raise GenrenetError(
            f"no recording in {', '.join(map(str, recordings))}. "
            f"Expected one of {' '.join(sorted(AUDIO))}."
        )
    from genrenet.serving.classifier import Classifier

    classifier = Classifier.load(model)
    failed = 0
    for path in paths:
        try:
            answer = classifier.predict(path)
        except (GenrenetError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            typer.echo(f"{path}: {reason}", err=True)
            failed += 1
            continue
        if as_json:
            typer.echo(json.dumps({"path": str(path), **asdict(answer)}, ensure_ascii=False))
        else:
            best = list(answer.probabilities.items())[:top]
            named = ", ".join(f"{label} ({share:.2%} confidence)" for label, share in best)
            typer.echo(f"🎵 {path.name}: {named}")
    if failed:
        raise GenrenetError(f"{failed} of {len(paths)} recordings have no answer; reasons above.")


def _files(recordings: list[Path]) -> Iterator[Path]:
    """The files that were named, and the recordings in the folders, unread formats included."""
    for path in recordings:
        if path.is_dir():
            yield from (path / name for name in recordings_in(path))
        else:
            yield path


def main() -> int:
    """Run the command line; its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without 🎵 still gets the answer
    try:
        app()
    except GenrenetError as error:
        typer.echo(f"error: {error}", err=True)
        return USER_ERROR
    except SystemExit as end:  # typer's way out, also of a wrong option
        return int(end.code or 0)
    return 0
