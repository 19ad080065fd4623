"""What the shells complete, asked of bash itself; the others check at least the syntax."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from billql.cli import main, parser
from billql.cli.completion import SHELLS
from billql.output import FORMATS

ASK = """
source "$1"
COMP_LINE="$2"; read -ra COMP_WORDS <<< "$2"
[[ "$2" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}
function_of_billql=$(complete -p billql | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function_of_billql billql "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    path = tmp_path / "billql.bash"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("billql ", set(parser.COMMANDS)),
        ("billql que", {"query"}),
        ("billql query --form", {"--format"}),
        ("billql query --format ", set(FORMATS)),
        ("billql query --format js", {"json", "jsonl"}),
        ("billql completion ", set(SHELLS)),
    ],
)
def test_bash(script: Path, typed: str, offered: set[str]) -> None:
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(script), typed], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == offered


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_files(script: Path, tmp_path: Path) -> None:
    (tmp_path / "report.sql").touch()
    typed = f"billql query -f {tmp_path}/rep"
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(script), typed], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [f"{tmp_path}/report.sql"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert "sandbox" in text
    assert "max-requests" in text
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=text, text=True, check=True)


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "tcsh" in capsys.readouterr().err
