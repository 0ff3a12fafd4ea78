"""The overlay: some settings laid over a ``params.yaml``; its other lines stay as they are."""

import io
from collections.abc import Iterable, Mapping, MutableMapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import SingleQuotedScalarString
from yaml import ScalarNode
from yaml.resolver import Resolver

from genrenet.errors import ParamsError

TEXT = "tag:yaml.org,2002:str"


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
    text = text if text.endswith("\n") else f"{text}\n"
    settings = _yaml().load(text)
    if not isinstance(settings, MutableMapping):
        settings = {}
    before = _written(settings)
    for overlay in overlays:
        _merge(settings, {name: said for name, said in overlay.items() if said not in (None, {})})
    return _as_it_was(text, before, _written(settings))


def _written(settings: MutableMapping[str, Any]) -> str:
    sink = io.StringIO()
    _yaml().dump(settings, sink)
    return sink.getvalue()


def _as_it_was(text: str, before: str, after: str) -> str:
    """``after``, with the lines of ``text`` where ``before``, the same as it is written, stays."""
    old, plain, new = (content.splitlines(keepends=True) for content in (text, before, after))
    stays = SequenceMatcher(None, plain, new, autojunk=False).get_matching_blocks()
    steps = SequenceMatcher(None, plain, old, autojunk=False).get_opcodes()
    for tag, begin, end, *lines in reversed(steps):
        block = next((b for b in stays if b.a <= begin and end <= b.a + b.size), None)
        if tag != "equal" and block:
            shift = block.b - block.a
            new[begin + shift : end + shift] = old[slice(*lines)]
    return "".join(new)


def _merge(below: MutableMapping[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        inner = below.get(key)
        if isinstance(inner, MutableMapping) and isinstance(value, Mapping) and value:
            _merge(inner, value)
        else:
            below[_formed(key)] = _formed(value)


def _formed(value: Any) -> Any:
    """A value that has no form of its own yet: a list as ``[a, b]``, and a text as a text.

    ``no`` and its like are texts where it is written, in YAML 1.2, and none where it is read.
    """
    if type(value) is list:
        written = CommentedSeq(map(_formed, value))
        written.fa.set_flow_style()
        return written
    if type(value) is dict:
        return {_formed(key): _formed(inner) for key, inner in value.items()}
    return SingleQuotedScalarString(value) if type(value) is str and not _is_text(value) else value


def _is_text(value: str) -> bool:
    kind = Resolver().resolve(ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return bool(kind == TEXT)


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
