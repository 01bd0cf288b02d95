import subprocess
import sys

import pytest

from thermeld.cli import app


def verbs():
    return [command.name for command in app.registered_commands]


@pytest.mark.parametrize("verb", verbs())
def test_help_has_examples(thermeld, verb):
    answer = thermeld(verb, "--help")
    assert answer.code == 0
    assert "Examples" in answer.out
    assert f"thermeld {verb}" in answer.out


def test_version_and_no_words(thermeld):
    assert thermeld("--version").out.startswith("thermeld 0.")
    assert "fuse" in thermeld("--help").out


def test_unknown_verb_and_option_exit_with_two(thermeld):
    assert thermeld("fuze").code == 2
    assert thermeld("list", "--nonsense").code == 2


def test_module_runs_as_a_program():
    answer = subprocess.run(
        [sys.executable, "-m", "thermeld", "list", "--markdown"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "`average`" in answer.stdout
