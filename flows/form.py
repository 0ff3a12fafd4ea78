"""The form: settings that a run may change, each of them optional, as Prefect's page shows them.

It is made from the models of ``params.yaml``, so it refuses what they refuse. A field that is left
empty changes nothing; what is changed stays in ``params.yaml``, which always says what the data,
the model and the reports were made with.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from flows.overlay import overlaid
from flows.schema import SCHEMA
from flows.stage import say
from flows.workspace import PARAMS
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.params import Params, parse_params
from genrenet.settings import Settings
from tasks.tracking import flat


@cache
def form() -> type[BaseModel]:
    """The form of all settings, described as ``params.schema.json`` describes them."""
    schema = json.loads((checkout() / SCHEMA).read_text("utf-8"))
    return _form(Params, {**schema["$defs"], Params.__name__: schema})


def fill_in(filled: BaseModel | None) -> None:
    """Write what a form changes into the current folder's ``params.yaml``, and say what that is.

    Raises
    ------
    ParamsError
        The settings would not fit together; nothing is written.
    """
    if filled is None:
        return
    text = PARAMS.read_text("utf-8")
    changed = overlaid(text, [filled.model_dump(mode="json", by_alias=True, exclude_none=True)])
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


def _form(model: type[BaseModel], schemas: Mapping[str, Any]) -> type[BaseModel]:
    """A model with the fields of ``model``, each of which may be left out."""
    said = schemas[model.__name__]["properties"]
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, Settings):
            kind = _form(kind, schemas)
        elif field.metadata:  # the limits
            kind = Annotated[(kind, *field.metadata)]
        about = said[field.alias or name].get("description")
        fields[name] = (kind | None, Field(default=None, alias=field.alias, description=about))
    config = ConfigDict(extra="forbid", populate_by_name=True)
    return create_model(model.__name__, __config__=config, **fields)
