"""The workspace: ``corpora/NAME``, where a further corpus is worked on as the first is in the root.

It has a ``params.yaml`` of its own, and the project's pipelines with the code two folders up. DVC
cannot depend on a ``dvc.yaml``: so whoever comes by writes them anew where the project's differ.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

import yaml

from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.errors import DataError

CORPORA, PARAMS = Path("corpora"), Path("params.yaml")
PIPELINES = (PurePosixPath("dvc.yaml"), PurePosixPath("studies/dvc.yaml"))
UP = "../../"  # from a workspace to the project


def workspaces() -> list[Path]:
    """The folders of the further corpora of this checkout."""
    return sorted(path.parent for path in (checkout() / CORPORA).glob(f"*/{PARAMS}"))


def find_workspace(name: str) -> Path:
    """The folder of the corpus ``name``.

    Raises
    ------
    DataError
        There is no such corpus; the message names those that there are.
    """
    there = {folder.name: folder for folder in workspaces()}
    if name not in there:
        raise DataError(
            f"--corpus {name}: there is no such corpus; there {'are' if there else 'is'}: "
            f"{', '.join(there) or 'none'}. Make it: python -m flows.corpus {name} RECORDINGS"
        )
    return there[name]


def refresh(folder: Path) -> bool:
    """Bring a workspace's pipelines up to the project's; True if one had to be written.

    Any other folder is left alone.
    """
    corpora = folder.absolute().parent
    if corpora.name != CORPORA.name or not (corpora.parent / PIPELINES[0]).is_file():
        return False
    texts = pipelines(corpora.parent)
    stale = [name for name, text in texts.items() if _differs(folder / name, text)]
    for name in stale:
        with replacing(folder / name) as temporary:
            temporary.write_text(texts[name], "utf-8")
    return bool(stale)


def check_pipelines(folder: Path) -> None:
    """Refuse work by a pipeline that is not the project's any more, once it has been mended.

    Raises
    ------
    DataError
        It had to be written anew; the next run is by the new one.
    """
    if refresh(folder):
        raise DataError(
            f"{folder.name}: the project's dvc.yaml has changed, and this corpus's has now been "
            "made anew. Run again."
        )


def pipelines(project: Path) -> dict[PurePosixPath, str]:
    """What a workspace's pipelines must say, by their place in it."""
    found = {
        name: yaml.safe_load((project / name).read_text("utf-8"))
        for name in PIPELINES
        if (project / name).is_file()
    }
    made = {out for name, content in found.items() for out in _outs(name, content)}
    return {name: _moved(name, content, made) for name, content in found.items()}


def _moved(name: PurePosixPath, content: dict[str, Any], made: set[PurePosixPath]) -> str:
    """A pipeline as it stands in a workspace: what it reads of the project lies further up.

    What a stage makes, and what the settings name, are the corpus's own.
    """
    for place, stage in _stages(name, content):
        stage["deps"] = [
            dep if "${" in dep or _is_made(place, dep, made) else UP + dep
            for dep in stage.get("deps", [])
        ]
    written = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000)
    up = UP + "../" * (len(name.parts) - 1)
    return f"# Made from {up}{name}, and made anew when that changes: change that one.\n{written}"


def _stages(
    name: PurePosixPath, content: dict[str, Any]
) -> Iterator[tuple[PurePosixPath, dict[str, Any]]]:
    """Each stage, and the folder that its paths are relative to."""
    for stage in content["stages"].values():
        body = stage.get("do", stage)
        yield name.parent / body.get("wdir", "."), body


def _outs(name: PurePosixPath, content: dict[str, Any]) -> Iterator[PurePosixPath]:
    for place, stage in _stages(name, content):
        for out in stage.get("outs", []):
            path = out if isinstance(out, str) else next(iter(out))
            yield PurePosixPath(normpath(place / path))


def _is_made(place: PurePosixPath, dep: str, made: set[PurePosixPath]) -> bool:
    path = PurePosixPath(normpath(place / dep))
    return any(path.is_relative_to(out) for out in made)


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_text("utf-8") != text
