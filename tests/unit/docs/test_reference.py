"""The reference pages say what the program does: every command and setting has its heading, the text is current."""

from pathlib import Path

import pytest

from plantroom.cli.reference import DERIVED_DEFAULTS, MEANING, PAGES, commands
from plantroom.settings import EXPECTED, Settings, setting_names

DOCS = Path(__file__).resolve().parents[3] / "docs"
HOW_TO_MEND = "run scripts/make-docs and commit what it writes"

COMMANDS = dict(commands())


def headings(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [line.removeprefix("## ").strip("`") for line in text.splitlines() if line.startswith("## ")]


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_what_the_program_says_of_itself(page):
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), HOW_TO_MEND


def test_every_command_has_a_heading():
    assert headings("cli.md") == list(COMMANDS), HOW_TO_MEND


def test_the_commands_of_the_spine_are_there():
    spine = {
        "run", "collect", "serve", "check", "classes", "import", "token create", "simulate replay", "simulate live",
        "simulate batch", "plan preview", "plan materialise", "models learn", "spool status", "dead-letter list",
        "dead-letter show", "dead-letter replay", "dead-letter discard",
    }  # fmt: skip
    assert {f"plantroom {name}" for name in spine} <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained_and_takes_a_data_folder(name):
    command = COMMANDS[name]
    assert command.help
    unexplained = [p.name for p in command.params if not p.help]
    assert unexplained == []
    assert "--data-dir" in {option for p in command.params for option in p.opts}


def test_every_setting_has_a_heading():
    assert sorted(headings("settings.md")) == setting_names(), HOW_TO_MEND


def test_every_setting_has_a_meaning_and_says_what_it_should_be():
    assert MEANING.keys() == Settings.model_fields.keys()
    assert EXPECTED.keys() >= Settings.model_fields.keys()
    assert DERIVED_DEFAULTS.keys() == {k for k, f in Settings.model_fields.items() if f.default is None}
