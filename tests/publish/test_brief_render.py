import re
import shutil
import subprocess

import pytest
from brief_words import SAMPLE

from curv_eval.errors import PublishError
from curv_eval.publish import assemble, render

DOCUMENTS = ("study.html", "study.pdf", "study.docx")


def test_two_renders_in_two_folders_are_the_same_to_the_byte(draft, template, tmp_path):
    other = assemble(SAMPLE, tmp_path / "a quite different name", approved=False, template=template)
    made = render(other, engine="builtin")
    assert {kind: path.name for kind, path in made.items()} == {
        "html": "study.html",
        "pdf": "study.pdf",
        "docx": "study.docx",
    }
    assert [name for name in DOCUMENTS if (draft / name).read_bytes() != (other / name).read_bytes()] == []


def test_a_changed_word_changes_all_three(draft, brief):
    part = brief / "bundle" / "parts" / "_headline.md"
    part.write_text(part.read_text().replace("420", "421"))
    render(brief, engine="builtin")
    assert [name for name in DOCUMENTS if (draft / name).read_bytes() == (brief / name).read_bytes()] == []


def test_nothing_of_the_work_is_left_behind(draft, template):
    made = {*DOCUMENTS, "bundle", "_variables.yml", "reference.docx"}
    others = {"_people.qmd", "_review.qmd", "_toolkit.qmd"}
    assert {path.name for path in draft.iterdir()} == {path.name for path in template.iterdir()} - others | made


def test_every_finding_is_told_at_once_and_nothing_is_written(brief):
    for name in DOCUMENTS:
        (brief / name).unlink()
    study = brief / "study.qmd"
    study.write_text(study.read_text("utf-8") + "\nThe $x$ is.\n\n{{< meta x >}}\n\nSee @fig-none.\n")
    with pytest.raises(PublishError) as caught:
        render(brief, engine="builtin")
    said = str(caught.value)
    assert [word in said for word in ("maths", "unknown shortcode `meta`", "@fig-none points at nothing")] == [True] * 3
    assert re.search(r"study\.qmd line \d+: maths", said)
    assert not any((brief / name).exists() for name in DOCUMENTS)


def test_a_letter_that_no_font_has_is_refused_not_drawn_as_a_box(brief):
    study = brief / "study.qmd"
    study.write_text(study.read_text("utf-8") + "\nText 漢.\n", "utf-8")
    with pytest.raises(PublishError, match="could not be displayed"):
        render(brief, engine="builtin")
    assert not (brief / ".study.typ").exists()


def test_an_unknown_engine_is_refused(brief):
    with pytest.raises(PublishError, match="auto, quarto, builtin"):
        render(brief, engine="word")


def test_quarto_is_asked_for_only_where_it_is(brief, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PublishError, match="not on the path"):
        render(brief, engine="quarto")


def test_auto_takes_quarto_where_it_is_and_passes_on_what_it_says(brief, monkeypatch):
    asked = []

    def pretend(command, **how):
        if command[0] != "quarto":
            return real(command, **how)
        asked.append((command, how["cwd"], how["env"]["SOURCE_DATE_EPOCH"]))
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no such thing")

    real = subprocess.run
    monkeypatch.setattr(shutil, "which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(subprocess, "run", pretend)
    with pytest.raises(PublishError, match="ERROR: no such thing"):
        render(brief)
    assert asked == [(["quarto", "render", "study.qmd"], brief.resolve(), "946684800")]


def test_auto_is_the_built_in_renderer_where_quarto_is_not(draft, brief, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (brief / "study.pdf").unlink()
    render(brief)
    assert (brief / "study.pdf").read_bytes() == (draft / "study.pdf").read_bytes()


def test_a_brief_that_breaks_the_linter_never_reaches_quarto(brief, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/somewhere/{name}")
    (brief / "study.qmd").write_text("---\ntitle: T\n---\n\nNo status.\n")
    with pytest.raises(PublishError, match="whether it was reviewed"):
        render(brief)
