"""``python -m flows.schema``: the JSON schema of ``params.yaml``, by which editors help and warn.

Its names, types and limits are the models', its descriptions the comments of ``params.yaml``.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema

from flows.stage import conclude, say
from flows.workspace import PARAMS
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.errors import DataError
from genrenet.params import Params
from genrenet.transforms import TRANSFORMS

SCHEMA = "params.schema.json"


def modeline(schema: str) -> str:
    """The comment by which an editor finds the schema of the file whose first line it is."""
    return f"# yaml-language-server: $schema={schema}\n"


def main() -> int:
    """Write the schema of the checkout's settings; the program's exit code."""
    return conclude(lambda: write(checkout()))


def write(project: Path) -> None:
    """Write ``params.schema.json`` beside the ``params.yaml`` that describes the settings."""
    try:
        text = (project / PARAMS).read_text("utf-8")
    except OSError as error:
        raise DataError(
            f"{project / PARAMS}: cannot be read ({error.strerror}), and its comments are what "
            "the schema says of the settings. Run from the project's folder."
        ) from error
    with replacing(project / SCHEMA) as temporary:
        temporary.write_text(schema(text), "utf-8")
    say(f"{SCHEMA}: written")


def schema(text: str) -> str:
    """The schema as JSON; ``text`` is the ``params.yaml`` whose comments describe the settings."""
    made = Params.model_json_schema(by_alias=True, schema_generator=_Draft202012)
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise DataError(f"{PARAMS}: holds no settings, so that there are no comments to read.")
    _describe(made, made, dict(_comments(text.splitlines(), root)))
    for transform in TRANSFORMS.values():  # they have no line in the file
        section = made["$defs"][transform.__name__]
        for setting in section["properties"].values():
            setting["description"] = section["description"]
        section["required"] = ["name", *section.get("required", [])]
    made |= {
        "title": "Settings of genrenet",
        "description": "A section or a setting that is left out has its default.",
    }
    return json.dumps({"$schema": _Draft202012.schema_dialect, **made}, indent=2) + "\n"


class _Draft202012(GenerateJsonSchema):
    """As pydantic makes it, without a title for each setting, which would say its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


def _describe(
    whole: dict[str, Any], model: dict[str, Any], comments: dict[tuple[str, ...], str], *at: str
) -> None:
    """Put the comments into ``model``, the schema of the section at ``at``, and all below it."""
    for name, setting in model["properties"].items():
        if said := comments.get((*at, name)):
            setting["description"] = said
        if reference := setting.get("$ref"):
            section = whole["$defs"][reference.rpartition("/")[2]]
            setting.pop("default", None)  # each of its settings has its own
            if not at:
                section["type"] = ["object", "null"]  # null: its every line is commented out
            _describe(whole, section, comments, *at, name)


def _comments(
    lines: list[str], mapping: yaml.MappingNode, *at: str
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The place of each setting and the comment beside it, lines that go on with it joined."""
    for key, value in mapping.value:
        is_section = isinstance(value, yaml.MappingNode) and not value.flow_style
        below = value.start_mark.line > key.end_mark.line
        end = key.end_mark if is_section or below else value.end_mark
        parts = [lines[end.line][end.column :].partition("#")[2]]
        for line in lines[end.line + 1 :]:
            indented = len(line) - len(line.lstrip()) > key.start_mark.column
            if not (parts[0] and indented and line.lstrip().startswith("#")):
                break
            parts.append(line.partition("#")[2])
        yield (*at, key.value), " ".join(part.strip() for part in parts)
        if is_section:
            yield from _comments(lines, value, *at, key.value)


if __name__ == "__main__":
    sys.exit(main())
