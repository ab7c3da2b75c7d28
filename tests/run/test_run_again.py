"""The same inputs give the same bytes, wherever and whenever they are run."""

import functools
import json
import re

import pytest
from projects import DEMO, copied, curv_eval, finished, project

from curv_eval.manifest import tree


def release(run):
    return tree(run / "release")


@functools.cache
def again():
    """Return what the finished run's project held before and after it was approved and run once more."""
    folder, run = copied(keep=True)
    said = curv_eval(folder, "review", "demo", "--reviewer", "R. Viewer", "--decision", "approve")
    assert said.code == 0, said.err
    before = {"release": release(run), "reviews": (run / "reviews.json").read_bytes()}
    said = curv_eval(folder, "run", "params/demo.yaml", "--again", "--no-brief")
    assert said.code == 0, said.err
    return folder, run, before


def test_running_once_more_gives_the_same_release():
    _, run, before = again()
    assert release(run) == before["release"] == release(finished().run)


def test_running_once_more_keeps_the_reviews_and_the_old_approval_no_longer_holds():
    from curv_eval.review import approved

    folder, run, before = again()
    assert (run / "reviews.json").read_bytes() == before["reviews"]
    assert not approved(run)
    assert [p.name for p in [*run.parent.iterdir(), *run.parent.glob("*/*")] if p.name.startswith(".")] == []
    assert not (run / "brief").exists(), "the old brief belongs to the old manifest"
    assert curv_eval(folder, "verify", "demo").code == 0


@functools.cache
def elsewhere():
    folder = project("another place", study=DEMO, keep=True)
    said = curv_eval(folder, "run", "params/study.yaml", "--no-brief")
    assert said.code == 0, said.err
    return next((folder / "outputs" / "demo").glob("*/manifest.json")).parent


def test_another_project_folder_gives_the_same_key_and_the_same_release():
    assert elsewhere().name == finished().run.name
    assert release(elsewhere()) == release(finished().run)


def test_only_the_study_file_s_name_and_the_clock_tell_two_manifests_apart():
    one, other = (json.loads((run / "manifest.json").read_text("utf-8")) for run in (finished().run, elsewhere()))
    apart = {name for name in one if one[name] != other[name]}
    assert apart <= {"params", "times", "steps"}, "the executed notebooks are the same too"


def test_a_run_that_exists_is_fresh_and_not_run_again_unasked():
    held = finished()
    before = tree(held.run)
    said = curv_eval(held.project, "run", "params/demo.yaml", "--no-brief")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"run: outputs/demo/{held.run.name} (fresh)\n"
    assert tree(held.run) == before


@pytest.mark.parametrize("place", ["results", "manifest", "html", "pdf", "docx", "source"])
def test_a_run_on_made_up_data_says_so(place):
    run = finished().run
    if place in ("results", "manifest"):
        path = run / ("manifest.json" if place == "manifest" else "release/results.json")
        assert json.loads(path.read_text("utf-8"))["made_up"] is True
    else:
        assert "MADE-UP DATA" in text_of(run / "brief", place)


def text_of(brief, place):
    """Return the words of one document of a brief."""
    if place == "pdf":
        import pypdf

        return "\n".join(page.extract_text() for page in pypdf.PdfReader(brief / "study.pdf").pages)
    if place == "docx":
        import zipfile

        with zipfile.ZipFile(brief / "study.docx") as held:
            return held.read("word/document.xml").decode()
    text = (brief / {"html": "study.html", "source": "study.qmd"}[place]).read_text("utf-8")
    return re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
