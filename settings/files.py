"""One TOML file, frozen once read; every complaint says which file, line and key, why, what to do.

1. A key that the model does not list is refused, and the nearest known one is named.
2. Relative paths are taken from the folder that holds the file.
3. All that is wrong is said at once, a line each.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)

ModelT = TypeVar("ModelT")
Location = tuple[int | str, ...]


class ConfigError(Exception):
    """The configuration cannot be used: mend the file and start again. One complaint a line."""


class Section(BaseModel):
    """A table of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / path.expanduser()


Where = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path; a relative one starts from the folder of the configuration file."""


def load(path: Path, model: type[ModelT]) -> ModelT:
    """Return what ``path`` says as ``model`` (a Section or a union of Sections), or ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give the path of a file") from error
    return parse(text, path, model)


def parse(text: str, path: Path, model: type[ModelT]) -> ModelT:
    """Return what ``text``, which stands in ``path``, says as ``model``, or raise ConfigError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}; mend that line") from error
    adapter: TypeAdapter[ModelT] = TypeAdapter(model)
    try:
        return adapter.validate_python(content, context={"folder": path.parent})
    except ValidationError as error:
        raise ConfigError("\n".join(_complaints(error, text, path, model))) from error


def _complaints(error: ValidationError, text: str, path: Path, model: object) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        keys, sections = _walked(problem["loc"], model)
        name = f"{'.'.join(map(str, keys))}: " if keys else ""
        yield f"{path}{_line(text, keys)}: {name}{_why(dict(problem), keys, sections)}"


def _walked(location: Location, model: object) -> tuple[Location, set[type[Section]]]:
    """Return the keys of ``location`` as they stand in the file, and where the last one belongs.

    Between them pydantic puts the names of a union's members; those no section knows as keys.
    """
    keys: list[int | str] = []
    here, inner = set[type[Section]](), set(_sections(model))
    for part in location:
        fields = [section.model_fields.get(str(part)) for section in inner]
        if any(fields) or isinstance(part, int) or part is location[-1]:
            keys.append(part)
            here = inner
            inner = {s for field in fields if field for s in _sections(field.annotation)} or inner
    return tuple(keys), here


def _why(problem: dict[str, Any], keys: Location, sections: set[type[Section]]) -> str:
    if problem["type"] == "extra_forbidden":
        known = sorted({key for section in sections for key in section.model_fields})
        near = difflib.get_close_matches(str(keys[-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key; {hint}"
    if problem["type"] == "missing":
        return "this key is needed; add it (docs/operations.md lists them)"
    return str(problem["msg"]).removeprefix("Value error, ")


def _sections(annotation: object) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    elif get_origin(annotation) in (Annotated, typing.Union, types.UnionType, list, dict, tuple):
        for inner in get_args(annotation):
            yield from _sections(inner)


def _line(text: str, location: Location) -> str:
    if not location:
        return ""
    *tables, key = map(str, location)
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\[\]]+)\]", line):
            table = header[1].strip()
            if table == ".".join([*tables, key]):
                return f":{number}"
        elif table == ".".join(tables) and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return f":{number}"
    return ""
