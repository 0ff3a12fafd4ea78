"""``python -m flows.corpus NAME RECORDINGS``: a further corpus in this checkout.

It gets the folder ``corpora/NAME``: the project's settings with recipes over them, the project's
pipelines, and data, models and reports of its own. Nothing is written unless all of it can be.
"""

import difflib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import rebuild
from flows.overlay import overlaid, read_overlay
from flows.schema import SCHEMA, modeline
from flows.stage import conclude, say
from flows.workspace import CORPORA, PARAMS, UP, refresh
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.corpus.layouts import corpus_path
from genrenet.errors import DataError, ParamsError
from genrenet.params import Params, parse_params, read_params
from genrenet.sections.corpus import Corpus, Split

LABELS, LISTS = Path("labels.csv"), Path("lists")
ABOUT_LISTS = "With `split.policy: lists`: train*.txt, valid*.txt and test*.txt (docs/splits.md).\n"
RECIPES = Path("docs/recipes")
NAME = re.compile(r"\w[\w.-]*")
OWN = {("corpus", "path"), ("corpus", "labels"), ("split", "lists"), ("register", "name")}
"""What each corpus has for itself, so that no recipe may say it."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    name: Annotated[str, typer.Argument(help="Its folder in corpora/ and its model in MLflow.")],
    recordings: Annotated[Path, typer.Argument(help="Its recordings: a folder, or a manifest.")],
    *,
    recipe: Annotated[
        list[str] | None, typer.Option(help="One of docs/recipes, or a file; may be repeated.")
    ] = None,
    lists: Annotated[Path | None, typer.Option(help="Folder of published splits to copy.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Also params that exist.")] = False,
    run: Annotated[bool, typer.Option("--run", help="Rebuild it at once.")] = False,
) -> None:
    """Make corpora/NAME, where a further corpus has settings, data, models and reports."""
    failed = conclude(
        lambda: make(name, recordings, recipes=recipe or (), lists=lists, overwrite=overwrite)
    )
    if failed or not run:
        raise typer.Exit(failed)
    rebuild.main(corpus=name)


def make(
    name: str,
    recordings: Path,
    *,
    recipes: Sequence[str] = (),
    lists: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Make a workspace.

    Parameters
    ----------
    name : str
        Of the corpus, its folder and its model.
    recordings : Path
        Its ``corpus.path``, relative to the current folder.
    recipes : sequence of str
        What is laid over the project's settings: names in ``docs/recipes``, or files.
    lists : Path, optional
        Folder of published lists.
    overwrite : bool
        Write the settings of a corpus that there is already anew; the rest of it stays.

    Raises
    ------
    GenrenetError
        Something that was given is impossible; nothing has been written.
    """
    project = checkout()
    folder = project / CORPORA / name
    check_name(name, read_params(project / PARAMS))
    if (folder / PARAMS).exists() and not overwrite:
        raise DataError(
            f"{CORPORA / name}: is there already. Change its params.yaml, take another name, or "
            "give --overwrite to have its params.yaml written anew; the rest of it stays."
        )
    path = corpus_path(Corpus(path=str(recordings)))
    own = {
        "corpus": {"path": _seen_from(folder, path), "labels": str(LABELS)},
        "split": {"lists": str(LISTS)},
        "register": {"name": name},
    }
    files = [recipe_path(project / RECIPES, recipe) for recipe in recipes]
    text = settings(project / PARAMS, files, own)
    params = parse_params(text, _told(files))
    published = _published(params, lists, folder)
    _write(folder, text, published)
    say(
        f"{CORPORA / name}: made from {_told(files)}. Its params.yaml is yours to change; "
        f"run it: python -m flows.rebuild --corpus {name}"
    )


def check_name(name: str, project: Params) -> None:
    """Refuse what cannot be a folder here and a model in MLflow's registry."""
    if not NAME.fullmatch(name):
        raise DataError(
            f"'{name}' is no name for a corpus: give letters, digits, '-', '_' and '.', the first "
            "one a letter or a digit."
        )
    if name == project.register_.name:
        raise DataError(
            f"'{name}' is what the project's own model is called (register.name): give another."
        )


def recipe_path(recipes: Path, recipe: str) -> Path:
    """The file of a recipe that is given by name or by path."""
    known = {path.stem: path for path in sorted(recipes.glob("*.yaml"))}
    path = known.get(recipe, Path(recipe).expanduser())
    if not path.is_file():
        near = difflib.get_close_matches(recipe, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Recipes here: {', '.join(known)}."
        raise ParamsError(f"--recipe {recipe}: is neither in {RECIPES} nor a file. {hint}")
    return path


def settings(params: Path, recipes: Sequence[Path], own: Mapping[str, Any]) -> str:
    """The project's settings, with the recipes and what is the corpus's own over them.

    What was said of the project's recordings (``corpus``, ``split``) does not hold for others.
    """
    anew = {
        "corpus": Corpus().model_dump(mode="json"),
        "split": Split().model_dump(mode="json"),
    }
    overlays = [read_overlay(recipe) for recipe in recipes]
    for recipe, overlay in zip(recipes, overlays, strict=True):
        if said := ", ".join(sorted(_said(overlay))):
            raise ParamsError(f"{recipe}: sets {said}; each corpus has its own: leave it out.")
    text = overlaid(params.read_text("utf-8"), [anew, *overlays, own])
    head = f"{modeline(UP + SCHEMA)}# Made from the project's {_told(recipes)}; yours to change.\n"
    return head + text.removeprefix(modeline(SCHEMA))


def _said(overlay: Mapping[str, Any]) -> Iterator[str]:
    """What an overlay says of what is each corpus's own."""
    for section, key in OWN:
        if key in (overlay.get(section) or ()):
            yield f"{section}.{key}"


def _told(recipes: Sequence[Path]) -> str:
    names = ", ".join(recipe.stem for recipe in recipes)
    return f"params.yaml with {names}" if names else "params.yaml"


def _seen_from(folder: Path, path: Path) -> str:
    """A relative path from the workspace; an absolute one as it is."""
    return str(path) if path.is_absolute() else Path(os.path.relpath(path, folder)).as_posix()


def _published(params: Params, lists: Path | None, folder: Path) -> list[Path]:
    """The lists to copy; refused where the settings want some and there are none."""
    found = sorted(lists.expanduser().glob("*.txt")) if lists else []
    if lists and not found:
        raise DataError(f"--lists {lists}: holds no .txt files. Give the folder of the lists.")
    wanted = params.split.policy == "lists" and params.corpus.layout not in ("auto", "manifest")
    if wanted and not found and not any((folder / LISTS).glob("*.txt")):
        raise DataError(
            "split.policy is 'lists', and there are none: give --lists FOLDER, with train*.txt, "
            "valid*.txt and test*.txt; or another policy."
        )
    return found


def _write(folder: Path, text: str, lists: Sequence[Path]) -> None:
    """Write a workspace, its pipelines last: DVC reads those."""
    (folder / LISTS).mkdir(parents=True, exist_ok=True)
    for path in lists:
        shutil.copy(path, folder / LISTS)
    for path, content in ((LABELS, "track_id,genre\n"), (LISTS / "README.md", ABOUT_LISTS)):
        if not (folder / path).exists():
            (folder / path).write_text(content, "utf-8")
    with replacing(folder / PARAMS) as temporary:
        temporary.write_text(text, "utf-8")
    refresh(folder)


if __name__ == "__main__":
    app()
