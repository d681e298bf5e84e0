"""Settings: defaults, the order of precedence, faults all at once, and a file to start from."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import paths, settings
from workbench.cli import parser
from workbench.cli.main import main
from workbench.errors import UsageError
from workbench.runs.folder import all_runs
from workbench.settings import Settings
from workbench.tracking import track

Write = Callable[[str], None]


@pytest.fixture
def write() -> Write:
    """Writes the user's `config.toml`."""

    def write_config(text: str) -> None:
        paths.config_file().write_text(text)

    return write_config


def test_without_a_file_the_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.CHECKPOINTS_VARIABLE)
    assert settings.load() == settings.Loaded()


def test_the_file_the_environment_and_the_call_take_precedence_in_turn(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(
        f'theme = "light"\nrefresh_s = 2\ncheckpoints = "{tmp_path}/file"\nrecipes = ["/of-the-file"]'
    )
    monkeypatch.delenv(paths.CHECKPOINTS_VARIABLE)
    assert settings.in_force().theme == "light"
    assert parser.parse(["list"]).checkpoints == tmp_path / "file"
    assert parser.parse(["--recipes", "/given", "list"]).recipes == [
        Path("/of-the-file"),
        Path("/given"),
    ]

    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(tmp_path / "env"))
    monkeypatch.setenv(paths.setting_variable("theme"), "dark")
    monkeypatch.setenv(paths.setting_variable("refresh_s"), "0.5")
    monkeypatch.setenv(paths.RECIPES_VARIABLE, "/of-the-environment")
    loaded = settings.load()
    assert (loaded.settings.theme, loaded.settings.refresh_s) == ("dark", 0.5)
    assert loaded.origins["theme"] == "$WORKBENCH_THEME"
    assert parser.parse(["list"]).checkpoints == tmp_path / "env"
    assert parser.parse(["list"]).recipes == []  # the catalogue reads those of the environment

    assert parser.parse(["--checkpoints", "/call", "list"]).checkpoints == Path("/call")


def test_a_script_that_tracks_itself_goes_where_the_settings_say(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(paths.CHECKPOINTS_VARIABLE)
    write(f'checkpoints = "{tmp_path}/file"')
    with track("alone"):
        pass
    assert len(list(all_runs(tmp_path / "file"))) == 1


def test_all_faults_are_told_at_once_with_their_key_and_the_nearest_name(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('them = "dark"\nrefresh_s = 0\ntheme = "drak"\n[keys]\nrun.stop = 3\n')
    monkeypatch.setenv(paths.setting_variable("pictures"), "block")
    loaded = settings.load()
    assert loaded.settings == Settings()
    told = "\n".join(loaded.faults)
    assert "no setting 'them'; did you mean theme" in told
    assert "refresh_s: expected `float` >= 0.1" in told
    assert "theme: no choice 'drak'; did you mean dark" in told
    assert "keys: run.stop is a key or a list of keys" in told
    assert "$WORKBENCH_PICTURES: no choice 'block'; did you mean blocks" in told
    with pytest.raises(UsageError, match=r"config\.toml"):
        settings.in_force()


@pytest.mark.parametrize(
    ("text", "told"),
    [("theme = dark", "at line 1"), ("\n\ntheme == 1", "at line 3"), ("keys = 3", "keys is a table")],
)
def test_what_is_no_toml_is_told_with_its_line(write: Write, text: str, told: str) -> None:
    write(text)
    assert told in "\n".join(settings.load().faults)


def test_what_cannot_be_read_is_told() -> None:
    paths.config_file().write_bytes(b"\xff\xfe")
    assert "utf-8" in settings.load().faults[0]
    paths.config_file().unlink()
    paths.config_file().mkdir()
    assert "cannot be read: Is a directory" in settings.load().faults[0]


def test_keys_may_be_written_with_and_without_quotes(write: Write) -> None:
    write('[keys]\nrun.stop = "S"\n"run.pause" = ["P", "f5"]\n')
    assert settings.in_force().keys == {"run.stop": "S", "run.pause": ["P", "f5"]}


def test_a_wrong_file_ends_every_command_but_those_that_help(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("them = 1")
    for call in (["list"], ["runs"], ["config"]):
        assert main(call) == 2
        assert "no setting 'them'" in capsys.readouterr().err
    assert main(["config", "--template"]) == 0


def test_config_writes_a_file_that_says_what_holds(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["config"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"# {paths.config_file()}  (not there yet")
    assert '# theme = "dark"' in text

    write('theme = "light"\n[keys]\n"run.stop" = ["S", "f9"]\n')
    monkeypatch.setenv(paths.setting_variable("pictures"), "off")
    before = settings.in_force()
    assert main(["config"]) == 0
    text = capsys.readouterr().out
    assert "# now from $WORKBENCH_PICTURES" in text
    write(text)
    monkeypatch.delenv(paths.setting_variable("pictures"))
    assert settings.in_force() == before


def test_the_template_is_complete_and_every_line_of_it_holds_when_it_is_uncommented(
    capsys: pytest.CaptureFixture[str], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(paths.CHECKPOINTS_VARIABLE)
    assert main(["config", "--template"]) == 0
    text = capsys.readouterr().out
    names = Settings.__struct_fields__
    uncommented = "\n".join(
        line.removeprefix("# ")
        for line in text.split("\n")
        if line.removeprefix("# ").startswith(tuple(f"{name} =" for name in names)) or line == "[keys]"
    )
    assert set(tomllib.loads(uncommented)) == set(names)
    write(uncommented)
    assert settings.in_force() == Settings()
