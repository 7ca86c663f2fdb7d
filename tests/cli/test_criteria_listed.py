"""The list of criteria on the command line is that of the documentation, and says all that a reader needs."""

import json
from pathlib import Path

import pytest

from ecgview.cli import criteria as command
from ecgview.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs" / "criteria.md"


def test_the_documentation_has_the_list_that_the_code_makes() -> None:
    text = DOCS.read_text(encoding="utf-8")
    listed = text.split("<!-- list -->\n")[1].split("<!-- end of list -->")[0]
    made = "\n".join(command.markdown())
    assert listed.strip() == made.strip(), (
        "python -m ecgview criteria --markdown makes the list of docs/criteria.md"
    )


def test_every_criterion_is_listed_with_its_definition_and_publication(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["criteria", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    for row in rows:
        assert row["code"]
        assert row["definitions"]
        assert all(one["words"].endswith(".") and one["publication"] for one in row["definitions"])
        assert len({one["name"] for one in row["definitions"]}) == len(row["definitions"])
    assert len({row["code"] for row in rows}) == len(rows)
    named = {row["code"]: [one["name"] for one in row["definitions"]] for row in rows}
    assert named["CLBBB"] == ["Strauss", "AHA"]
    assert named["SBRAD"] == ["60", "50"]


def test_the_list_in_words_names_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["criteria"]) == 0
    text = capsys.readouterr().out
    assert "CLBBB=AHA: QRS of 120 ms or more" in text
    assert "Strauss DG" in text
