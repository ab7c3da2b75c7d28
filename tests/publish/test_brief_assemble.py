import json

import pytest
import yaml
from brief_words import SAMPLE, not_made_up

from curv_eval.errors import PublishError
from curv_eval.publish import assemble, lint
from curv_eval.publish.assemble import STATUS


def front(folder):
    return yaml.safe_load((folder / "study.qmd").read_text("utf-8").split("---\n")[1])


def test_the_folder_has_the_project_and_the_bundle_and_nothing_else_of_the_run(run, tmp_path, template):
    (run / "restricted").mkdir()
    (run / "restricted" / "person.csv").write_text("secret")
    folder = assemble(run, tmp_path / "made" / "here", approved=False, template=template)
    names = {path.name for path in folder.iterdir()}
    # the templates for studies of people, for reviews and for a toolkit of them
    others = {"_people.qmd", "_review.qmd", "_toolkit.qmd"}
    chosen = {path.name for path in template.iterdir()} - others
    assert names == chosen | {"bundle", "_variables.yml", "reference.docx"}
    assert (folder / "_variables.yml").read_bytes() == (run / "release" / "_variables.yml").read_bytes()
    assert (folder / "bundle/figures/event_study.svg").is_file()
    assert not list(folder.rglob("person.csv"))


def test_a_draft_says_so_in_words_in_the_subtitle_and_on_every_page(draft):
    status = (draft / STATUS).read_text("utf-8")
    assert "Draft: not reviewed" in status
    assert front(draft)["subtitle"] == "DRAFT · MADE-UP DATA – What we can and cannot say"
    assert '#let status-mark = "DRAFT · MADE-UP DATA"' in (draft / "_status.typ").read_text("utf-8")


def test_an_approved_brief_carries_no_mark_and_says_that_it_was_reviewed(approved):
    status = (approved / STATUS).read_text("utf-8")
    assert "Reviewed" in status
    assert "raft" not in status
    assert "Made-up" not in status
    assert front(approved)["subtitle"] == "What we can and cannot say"
    assert "background" not in (approved / "_status.typ").read_text("utf-8")


def test_approval_does_not_make_made_up_data_real(run, tmp_path, template):
    folder = assemble(run, tmp_path / "brief", approved=True, template=template)
    assert "Made-up data:" in (folder / STATUS).read_text("utf-8")
    assert "DRAFT" not in (folder / "study.qmd").read_text("utf-8")
    assert front(folder)["subtitle"].startswith("MADE-UP DATA – ")


def test_a_brief_without_a_subtitle_gets_one(run, tmp_path, template):
    own = tmp_path / "own"
    own.mkdir()
    (own / "study.qmd").write_text("---\ntitle: T\ndate: 1 May 2026\n---\n\nText.\n")
    folder = assemble(not_made_up(run), tmp_path / "brief", approved=False, template=own)
    assert list(front(folder).items()) == [("title", "T"), ("date", "1 May 2026"), ("subtitle", "DRAFT")]


def test_front_matter_has_its_released_texts_filled_in_whatever_marks_they_hold(run, tmp_path, template):
    variables = run / "release" / "_variables.yml"
    variables.write_text(variables.read_text().replace("Did the patrols", "Did \\\"hot\\\" 'spot': patrols"))
    folder = assemble(run, tmp_path / "brief", approved=True, template=template)
    assert front(folder)["title"].startswith("Did \"hot\" 'spot': patrols")
    assert lint(folder) == []


def test_an_earlier_brief_is_replaced_whole(run, tmp_path, template):
    folder = assemble(run, tmp_path / "brief", approved=False, template=template)
    (folder / "study.html").write_text("an old page")
    assemble(run, folder, approved=True, template=template)
    assert not (folder / "study.html").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_two_folders_are_the_same_to_the_byte(tmp_path, template):
    one, two = (assemble(SAMPLE, tmp_path / name, approved=False, template=template) for name in ("one", "other"))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert [path for path in files if (one / path).read_bytes() != (two / path).read_bytes()] == []


def test_another_persons_folder_is_left_alone(run, tmp_path):
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("work")
    with pytest.raises(PublishError, match="not a brief"):
        assemble(run, other, approved=True)
    assert (other / "chapter.txt").read_text() == "work"


def test_a_run_without_a_release_is_refused(tmp_path):
    with pytest.raises(PublishError, match=r"results\.json is missing\n.*_variables\.yml is missing"):
        assemble(tmp_path / "nothing", tmp_path / "brief", approved=True)
    assert not (tmp_path / "brief").exists()


@pytest.mark.parametrize("said", ["", "{}", '{"made_up": null}', '{"made_up": "perhaps"}', "[]", '{"values": {}}'])
def test_a_bundle_that_does_not_say_whether_it_is_made_up_is_refused(run, tmp_path, said):
    (run / "release" / "results.json").write_text(said)
    with pytest.raises(PublishError, match="whether the data are made up"):
        assemble(run, tmp_path / "brief", approved=True)


def test_made_up_is_also_read_from_the_released_values(run, tmp_path, template):
    (run / "release" / "results.json").write_text(json.dumps({"values": {"made_up": "true"}}))
    folder = assemble(run, tmp_path / "brief", approved=True, template=template)
    assert "Made-up data:" in (folder / STATUS).read_text("utf-8")


def test_a_link_out_of_the_release_is_refused_not_followed(run, tmp_path):
    (run / "secret.csv").write_text("personal")
    (run / "release" / "tables" / "extra.csv").symlink_to(run / "secret.csv")
    with pytest.raises(PublishError, match=r"tables/extra\.csv"):
        assemble(run, tmp_path / "brief", approved=True)


def test_the_template_is_a_draft_until_it_is_put_together(template):
    assert 'status-mark = "DRAFT"' in (template / "_status.typ").read_text("utf-8")


def test_a_study_of_people_gets_the_template_of_people(run, tmp_path, template):
    held = json.loads((run / "release" / "results.json").read_text("utf-8"))
    (run / "release" / "results.json").write_text(json.dumps({**held, "unit": "person"}), "utf-8")
    folder = assemble(run, tmp_path / "people", approved=False, template=template)
    said = (folder / "study.qmd").read_text("utf-8")
    assert "bundle/parts/_groups.md" in said
    assert "fig-event-study" not in said
    assert not (folder / "_people.qmd").exists()
