"""The overlay: some settings laid over a ``params.yaml``; its others and its comments stay."""

import io
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from genrenet.errors import ParamsError


def read_overlay(path: Path) -> Mapping[str, Any]:
    """Read an overlay: a ``params.yaml`` that names only what it changes.

    Raises
    ------
    ParamsError
        The file cannot be read, or is no YAML mapping of mappings.
    """
    try:
        content = _yaml().load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ParamsError(f"{path}: cannot be read as YAML in UTF-8: {error}") from error
    if not isinstance(content, Mapping):
        raise ParamsError(f"{path}: expected sections such as 'features:', got {content!r}.")
    for section, said in content.items():
        if not isinstance(said, Mapping | None):
            raise ParamsError(
                f"{path}: {section} is {said!r}: expected settings, as 'name: value'."
            )
    return content


def overlaid(text: str, overlays: Iterable[Mapping[str, Any]]) -> str:
    """``text``, the content of a ``params.yaml``, with ``overlays`` over it, the last on top.

    Sections and maps are merged; lists, and a map under ``{}``, are replaced. A section without a
    line changes nothing.
    """
    yaml, sink = _yaml(), io.StringIO()
    settings = yaml.load(text)
    if not isinstance(settings, MutableMapping):
        settings = {}
    for overlay in overlays:
        _merge(settings, {name: said for name, said in overlay.items() if said not in (None, {})})
    yaml.dump(settings, sink)
    return sink.getvalue()


def _merge(below: MutableMapping[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        inner = below.get(key)
        if isinstance(inner, MutableMapping) and isinstance(value, Mapping) and value:
            _merge(inner, value)
        else:
            below[key] = value


def _yaml() -> YAML:
    """YAML that comes out as it went in, comments and all."""
    yaml = YAML()
    yaml.width = 4096  # a comment is not to be broken
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda written, _: written.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml
