"""The form: settings that a run may change, each of them optional, as Prefect's page shows them.

It is made from the models of ``params.yaml``, so it refuses what they refuse. A field says what the
setting is now; one that is left empty changes nothing. What is changed stays in ``params.yaml``,
which always says what the data, the model and the reports were made with.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model

from flows.overlay import overlaid
from flows.places import check_places
from flows.schema import SCHEMA
from flows.stage import say
from flows.workspace import PARAMS
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.errors import DataError, ParamsError
from genrenet.params import Params, parse_params, read_params
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
    return _made()


def definitions() -> dict[str, Any]:
    """The form as it would be made now, as Prefect keeps it: the JSON schema of each section."""
    made = _made().model_json_schema(ref_template="#/definitions/{model}")
    sections: dict[str, Any] = made.pop("$defs")
    return {**sections, Params.__name__: made}


def _made() -> type[BaseModel]:
    try:
        schema = json.loads((checkout() / SCHEMA).read_text("utf-8"))
    except OSError as error:
        raise DataError(
            f"{checkout() / SCHEMA}: cannot be read ({error.strerror}), and it describes the form. "
            "Make it: python -m flows.schema"
        ) from error
    return _form(Params, {**schema["$defs"], Params.__name__: schema}, _now())


def _now() -> dict[str, Any]:
    """What the project's settings are, as JSON has it; nothing where they are refused."""
    try:
        return read_params(checkout() / PARAMS).model_dump(mode="json", by_alias=True)
    except ParamsError:  # a run says why
        return {}


def fill_in(filled: BaseModel | Mapping[str, Any]) -> bool:
    """Write what a form changes into the current folder's ``params.yaml``, and say what that is.

    Returns
    -------
    bool
        Whether anything was to be changed.

    Raises
    ------
    GenrenetError
        The settings would not fit together, or name what is not there; nothing is written.
    """
    said = _said(form().model_validate(filled))
    text = PARAMS.read_text("utf-8")
    changed = overlaid(text, [said])
    params = parse_params(changed, f"{PARAMS} with the form")
    before, after = (
        flat(one.model_dump(mode="json", by_alias=True))
        for one in (parse_params(text, PARAMS), params)
    )
    others = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    if not others:
        return False
    check_places(params, others)
    with replacing(PARAMS) as temporary:
        temporary.write_text(changed, "utf-8")
    for name in others:
        say(f"{PARAMS}: {name}: {before.get(name)} → {after.get(name)}")
    return True


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


def _form(
    model: type[BaseModel], schemas: Mapping[str, Any], now: Mapping[str, Any]
) -> type[BaseModel]:
    """A model with the fields of ``model``, each of which may be left out."""
    said = schemas[model.__name__]["properties"]
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        called = field.alias or name
        about = said[called].get("description")
        if isinstance(kind, type) and issubclass(kind, Settings):
            kind, extra = _form(kind, schemas, now.get(called, {})) | None, _folded
        else:
            kind = Annotated[(kind, *field.metadata)] if field.metadata else kind
            extra = _may_be_empty
            about = "; ".join(filter(None, (about, _present(now, called))))
        fields[name] = (
            kind,
            Field(
                default=None,
                alias=field.alias,
                title=called.replace("_", " ").title(),
                description=about,
                json_schema_extra=extra,
            ),
        )
    config = ConfigDict(extra="forbid", populate_by_name=True)
    return create_model(model.__name__, __config__=config, **fields)


def _present(now: Mapping[str, Any], name: str) -> str | None:
    """What a setting is now, as it would be written; the page takes it for Markdown."""
    if name not in now:
        return None
    value = now[name]
    return f"now: `{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _folded(schema: dict[str, Any]) -> None:
    """The page unfolds a section that is asked for."""
    schema["anyOf"][1] |= {"title": "as it is"}


def _may_be_empty(schema: dict[str, Any]) -> None:
    """A field that is left empty is left out, and not set to nothing.

    A switch cannot be left empty: what is true or false is chosen from a list.
    """
    schema.pop("default")
    if schema.get("type") == "boolean":
        schema |= {"enum": [True, False]}
        del schema["type"]
