"""The answer is given once: the same sentences wherever it stands, and no others."""

import json
import re

import pytest
import yaml

from helpers.runs import analysis
from tools.common import ROOT


def prose(name: str) -> str:
    return re.sub(r"\s+", " ", (ROOT / f"book/{name}.md").read_text(encoding="utf-8"))


def sentences() -> str:
    """What the page of the answer says in two sentences."""
    said = " ".join(re.findall(r"(?m)^> (.*)", (ROOT / "book/answer.md").read_text("utf-8")))
    assert len(re.findall(r"\.(?= [A-Z]|$)", said)) == 2
    return said


@pytest.mark.parametrize("name", ["README.md", "book/index.md", "CITATION.cff"])
def test_wherever_the_answer_stands_it_is_the_same(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".cff"):
        text = yaml.safe_load(text)["abstract"]
    assert sentences() in re.sub(r"\s+>? ?", " ", text)


def test_a_winner_is_named_if_and_only_if_the_study_has_one():
    found = analysis.read()
    assert "unfinished" not in json.dumps(found)
    # The two sentences give the plan's word for what both tests say, and no other of its words.
    assert found["answer"] in sentences()
    winners = [f"the {word} is better" for word in ("CNN", "LSTM", "hybrid")]
    assert ("cannot be told" in sentences()) != any(word in sentences() for word in winners)
