"""The user's settings: what can be set, with its default, and where each value came from.

A value is taken from the command line, else from the environment, else from `config.toml`, else it is
the default that stands here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from workbench import paths
from workbench.errors import UsageError, unknown

Theme = Literal["dark", "light", "terminal", "colour-blind"]
Pictures = Literal["auto", "kitty", "sixel", "blocks", "off"]
Characters = Literal["auto", "unicode", "ascii"]
Keys = Mapping[str, str | list[str]]


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting; the descriptions are what `workbench config` writes beside them."""

    theme: Annotated[
        Theme, Meta(description="dark, light, terminal (its own 16 colours) or colour-blind")
    ] = "dark"
    refresh_s: Annotated[
        float,
        Meta(ge=0.1, le=60, description="seconds between two readings of a run's page, 0.1 to 60"),
    ] = 0.2
    recipes: Annotated[
        list[str], Meta(description='folders to look for recipes in, such as ["~/recipes"]')
    ] = []
    checkpoints: Annotated[
        str,
        Meta(min_length=1, description="where runs are kept; not absolute: in the working directory"),
    ] = "checkpoints"
    pictures: Annotated[
        Pictures,
        Meta(description="auto (what the terminal is known for), kitty, sixel, blocks or off"),
    ] = "auto"
    characters: Annotated[
        Characters, Meta(description="auto (what the locale says), unicode or ascii")
    ] = "auto"
    keys: Annotated[
        Keys, Meta(description='keys by the id of what they do: "run.stop" = "S", or a list of keys')
    ] = {}

    @property
    def checkpoints_dir(self) -> Path:
        return _folder(self.checkpoints)

    @property
    def recipe_dirs(self) -> list[Path]:
        return [_folder(name) for name in self.recipes]


@dataclass(frozen=True)
class Loaded:
    """What holds, where it came from, and what was wrong.

    Attributes:
        origins: by setting, `$VARIABLE` or the file; a default is not in it.
        faults: each names its line or key; where there is one, `settings` are the defaults.
    """

    settings: Settings = field(default_factory=Settings)
    origins: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def error(self) -> UsageError | None:
        """All faults at once, for a person to read."""
        if not self.faults:
            return None
        remedy = f"mend {paths.config_file()}; `workbench config --template` shows what can stand there"
        return UsageError("\n".join(self.faults), remedy)


def load() -> Loaded:
    """The settings of the environment and of the file; faults are listed, not raised."""
    given, faults = _from_file(paths.config_file())
    origins = dict.fromkeys(given, str(paths.config_file()))
    for name in _fields():
        variable = paths.setting_variable(name)
        if os.environ.get(variable) and name != "keys":
            value, fault = _converted(name, _read(name, os.environ[variable]))
            faults += [f"${variable}: {fault}"] if fault else []
            given[name], origins[name] = value, f"${variable}"
    if faults:
        return Loaded(faults=tuple(faults))
    return Loaded(Settings(**given), origins)


def in_force() -> Settings:
    """The settings of the environment and of the file.

    Raises:
        UsageError: with every fault of the file and of the environment.
    """
    loaded = load()
    if loaded.error is not None:
        raise loaded.error
    return loaded.settings


def template(loaded: Loaded) -> str:
    """A `config.toml` that says what holds; defaults stand in it as comments."""
    lines = ["# Settings of the workbench. A line that begins with # is the default."]
    for name, description in _descriptions().items():
        value = getattr(loaded.settings, name)
        lines += ["", f"# {description}"]
        if name in loaded.origins and loaded.origins[name].startswith("$"):
            lines.append(f"# now from {loaded.origins[name]}")
        lines += _written(name, value, is_default=name not in loaded.origins)
    return "\n".join(lines) + "\n"


def _written(name: str, value: Any, *, is_default: bool) -> list[str]:
    if name == "keys":  # a table: everything that follows would belong to it, so it is the last one
        return ["[keys]", *(f"{_text(key)} = {_text(to)}" for key, to in value.items())]
    return [f"{'# ' if is_default else ''}{name} = {_text(value)}"]


def _text(value: Any) -> str:
    """A value as TOML writes it: strings, numbers and lists are written as in JSON."""
    return msgspec.json.encode(value).decode()


def _from_file(file: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
        import tomllib  # noqa: PLC0415 - only for who has settings: every command reads them first

        table = tomllib.loads(text)
    except FileNotFoundError:
        return {}, []
    except OSError as fault:
        return {}, [f"{file} cannot be read: {fault.strerror}"]
    except ValueError as fault:  # not TOML, or not UTF-8; the message has line and column
        return {}, [f"{file}: {fault}"]
    return _checked(table)


def _checked(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    given, faults = {}, []
    for name, raw in table.items():
        if name not in _fields():
            faults.append(unknown("setting", name, _fields()))
        elif name == "keys":
            given[name] = flat(raw)
            faults += _faults_of_keys(given[name])
        else:
            given[name], fault = _converted(name, raw)
            faults += [f"{name}: {fault}"] if fault else []
    return given, faults


def _faults_of_keys(table: Any) -> list[str]:
    """What is no text and no list of texts; which ids and keys there are is known to the screens."""
    if not isinstance(table, dict):
        return ['keys is a table: [keys] on a line of its own, below it lines such as "run.stop" = "S"']
    return [
        f'keys: {name} is a key or a list of keys, such as "S" or ["S", "ctrl+s"]'
        for name, value in table.items()
        if not all(isinstance(key, str) for key in (value if isinstance(value, list) else [value]))
    ]


def flat(table: Any, above: str = "") -> Any:
    """Nested tables as one: TOML takes `run.stop = "S"` without quotes for a table in a table."""
    if not isinstance(table, dict):
        return table
    parts: dict[str, Any] = {}
    for name, value in table.items():
        inner = flat(value, f"{above}{name}.")
        parts.update(inner if isinstance(value, dict) else {f"{above}{name}": value})
    return parts


def _converted(name: str, raw: Any) -> tuple[Any, str]:
    try:
        value = msgspec.convert(raw, _fields()[name])
    except msgspec.ValidationError as fault:
        choices = get_args(get_args(_fields()[name])[0]) if isinstance(raw, str) else ()
        return None, unknown("choice", raw, choices) if choices else _said(fault)
    return value, ""


def _said(fault: msgspec.ValidationError) -> str:
    """What was expected, in our words' order: `Expected …` begins a sentence of msgspec's."""
    text = str(fault)
    return text[:1].lower() + text[1:]


def _read(name: str, text: str) -> Any:
    """The text of a variable as the value that the file would hold."""
    if name == "recipes":
        return [part for part in text.split(os.pathsep) if part]
    if name == "refresh_s":
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _fields() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _descriptions() -> dict[str, str]:
    """What each setting is for, in the order of their declaration."""
    return {name: hint.__metadata__[0].description for name, hint in _fields().items()}


def _folder(name: str) -> Path:
    return Path(name).expanduser().absolute()
