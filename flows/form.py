"""The form: settings that a run may change, each of them optional, as Prefect's page shows them.

It is made from the models of ``params.yaml``, so it refuses what they refuse. A field that is left
empty changes nothing; what is changed stays in ``params.yaml``, which always says what the data,
the model and the reports were made with.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model

from flows.overlay import overlaid
from flows.schema import SCHEMA
from flows.stage import say
from flows.workspace import PARAMS
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.errors import DataError
from genrenet.params import Params, parse_params
from genrenet.settings import Settings
from tasks.tracking import flat


@cache
def form() -> type[BaseModel]:
    """The form of all settings, described as ``params.schema.json`` describes them.

    Raises
    ------
    DataError
        There is no such file.
    """
    try:
        schema = json.loads((checkout() / SCHEMA).read_text("utf-8"))
    except OSError as error:
        raise DataError(
            f"{checkout() / SCHEMA}: cannot be read ({error.strerror}), and it describes the form. "
            "Make it: python -m flows.schema"
        ) from error
    return _form(Params, {**schema["$defs"], Params.__name__: schema})


def fill_in(filled: BaseModel | Mapping[str, Any]) -> None:
    """Write what a form changes into the current folder's ``params.yaml``, and say what that is.

    Raises
    ------
    ParamsError
        The settings would not fit together; nothing is written.
    """
    said = _said(form().model_validate(filled))
    text = PARAMS.read_text("utf-8")
    changed = overlaid(text, [said])
    before, after = (
        flat(parse_params(content, name).model_dump(mode="json", by_alias=True))
        for content, name in ((text, PARAMS), (changed, f"{PARAMS} with the form"))
    )
    if before == after:
        return
    with replacing(PARAMS) as temporary:
        temporary.write_text(changed, "utf-8")
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            say(f"{PARAMS}: {name}: {before.get(name)} → {after.get(name)}")


def _said(filled: BaseModel) -> dict[str, Any]:
    """What was filled in; a section that was left folded says nothing."""
    said: dict[str, Any] = {}
    for name in filled.model_fields_set:
        field, value = type(filled).model_fields[name], getattr(filled, name)
        if not _is_section(field.annotation):
            said |= filled.model_dump(mode="json", by_alias=True, include={name})
        elif value is not None and (section := _said(value)):
            said[field.alias or name] = section
    return said


def _is_section(kind: Any) -> bool:
    return any(isinstance(one, type) and issubclass(one, BaseModel) for one in get_args(kind))


def _form(model: type[BaseModel], schemas: Mapping[str, Any]) -> type[BaseModel]:
    """A model with the fields of ``model``, each of which may be left out."""
    said = schemas[model.__name__]["properties"]
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, Settings):
            kind, extra = _form(kind, schemas) | None, None  # the page unfolds what is asked for
        else:
            kind = Annotated[(kind, *field.metadata)] if field.metadata else kind
            extra = _without_default
        fields[name] = (
            kind,
            Field(
                default=None,
                alias=field.alias,
                description=said[field.alias or name].get("description"),
                json_schema_extra=extra,
            ),
        )
    config = ConfigDict(extra="forbid", populate_by_name=True)
    return create_model(model.__name__, __config__=config, **fields)


def _without_default(schema: dict[str, Any]) -> None:
    """A field that is left empty is left out, and not set to nothing."""
    schema.pop("default")
