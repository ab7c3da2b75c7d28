"""The documents against the program: every command, name, key, layer, folder and link in them is there."""

import configparser
import dataclasses
import json
import re
import statistics
import tomllib
import typing

import pytest
import yaml
from documents import (
    DOCS,
    PLACEHOLDER,
    ROOT,
    blocks,
    command,
    documents,
    leaves,
    named,
    options,
    prose,
    read,
    rows,
    section,
    spans,
    typed,
)

from curv_eval import checks, methods
from curv_eval.checks import Verdict
from curv_eval.disclosure import Role, Status
from curv_eval.disclosure.rules import rules
from curv_eval.errors import StudyError
from curv_eval.estimate.options import Number
from curv_eval.review import Decision
from curv_eval.study import Review, Study, load_study

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
FRAGMENTS = sorted((ROOT / "changelog.d").iterdir())


@pytest.mark.parametrize("path", documents(lambda text: any(line.startswith("curv-eval ") for line in typed(text))))
def test_commands_exist_with_their_options(path):
    for line in [line for line in typed(path.read_text("utf-8")) if line.startswith("curv-eval ")]:
        _, found, given = command(line)
        given = given[: given.index("--")] if "--" in given else given  # what follows is for another program
        asked = {word.split("=")[0] for word in given if word.startswith("--")}
        assert asked <= options(found) | {"--help"}, line
        if "--decision" in given:
            assert given[given.index("--decision") + 1] in {d.value for d in Decision}


def test_the_readme_lists_every_command_with_its_own_options():
    table = [row for row in rows(section(read("README.md"), "Commands")) if row[0].startswith("`curv-eval")]
    listed = [command(row[0].strip("`"))[0] for row in table]
    assert sorted(listed) == sorted(leaves())
    for row in table:
        named_here = set(re.findall(r"--[a-z-]+", " ".join(row)))
        assert named_here <= options(command(row[0].strip("`"))[1]), row


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.M))
    asked = {line.split()[1] for path in DOCS for line in typed(path.read_text("utf-8")) if line.startswith("make ")}
    assert {"demo", "test", "lint", "lock"} <= asked
    assert asked <= targets


def anchors(path):
    headings = re.findall(r"^#{1,6} (.+)$", prose(path.read_text("utf-8")), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents())
def test_links_pictures_and_anchors_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text("utf-8"))):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("path", documents())
def test_paths_in_code_spans_are_on_disk(path):
    kinds = ("src/", "tests/", "docs/", "notebooks/", "data_contracts/", "briefs/", "changelog.d/")
    for span in spans(path.read_text("utf-8")):
        if span.startswith(kinds) and " " not in span and not PLACEHOLDER.search(span) and "first-street" not in span:
            assert (ROOT / span).exists(), span


def test_pictures_have_a_text_alternative():
    for path in DOCS:
        for alt in re.findall(r"!\[([^\]]*)\]", path.read_text("utf-8")):
            assert len(alt) >= 30, named(path)


@pytest.mark.parametrize(("heading", "there"), [("Methods", methods.names()), ("Checks", checks.names())])
def test_the_methodology_table_is_the_folder(heading, there):
    table = rows(section(read("docs/methodology.md"), heading).split("\n### ")[0])
    assert [row[0].strip("`") for row in table[1:]] == list(there)
    assert all(all(row) and len(row) == len(table[0]) for row in table)


def test_every_method_and_check_is_pinned_or_said_to_be_not_reviewed():
    text = read("docs/methodology.md")
    for row in [*rows(section(text, "Methods"))[1:], *rows(section(text, "Checks"))[1:]]:
        assert re.search(r"\w+\.json|not reviewed", row[-1]), row[0]
    cases = {path.name for path in (ROOT / "tests" / "reference").glob("*.json")}
    assert set(re.findall(r"`(\w+\.json)`", text)) == cases


def test_references_are_numbered_and_used():
    text = read("docs/methodology.md")
    listed = {int(n) for n in re.findall(r"^(\d+)\. ", section(text, "References"), flags=re.M)}
    used = {int(n) for part in re.findall(r"\[([\d, ]+)(?:, \w+ \d+)?\]", text) for n in re.findall(r"\d+", part)}
    assert listed == used == set(range(1, max(listed) + 1))


def test_the_layers_are_those_that_are_enforced():
    held = configparser.ConfigParser()
    held.read(ROOT / ".importlinter")
    enforced = held["importlinter:contract:layers"]["layers"].split("\n")
    (written,) = blocks(section(read("ARCHITECTURE.md"), "The layers"))
    assert written.split("\n")[:-1] == [layer.strip() for layer in enforced if layer.strip()]


def tree():
    """Return the paths of the tree in ARCHITECTURE.md; a level is two spaces deep."""
    (text,), at, found = blocks(section(read("ARCHITECTURE.md"), "The tree")), [], set()
    for line in text.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        at = [*at[:depth], name.rstrip("/")]
        found.add("/".join(at))
    return found


def folders(where, depth):
    for path in sorted(where.iterdir()):
        ignored = path.name in ("__pycache__", "outputs") or (path.name.startswith(".") and path.name != ".ci")
        if path.is_dir() and not ignored and any(p.is_file() for p in path.rglob("*") if "__pycache__" not in p.parts):
            yield path
            yield from folders(path, depth - 1) if depth > 1 else ()


def test_the_tree_is_that_on_disk():
    top = [path for path in folders(ROOT, 1) if path.name not in ("data", "dist", "build")]
    within = {"src": 4, "tests": 2, "docs": 2, "notebooks": 2}
    inner = [p for name, deep in within.items() for p in folders(ROOT / name, deep)]
    modules = [p for p in (ROOT / "src" / "curv_eval").glob("*.py") if p.name != "__init__.py"]
    on_disk = {named(p) for p in [*top, *inner, *modules]}
    deeper = {name for name in on_disk if re.match(r"tests/publish/sample/", name)}
    assert tree() == on_disk - deeper


def keys(kind=Study, before=""):
    """Return every key a study file may have, with dots."""
    for name, hint in typing.get_type_hints(kind).items():
        inner = hint
        while typing.get_args(inner) and not dataclasses.is_dataclass(inner):
            inner = next((a for a in typing.get_args(inner) if dataclasses.is_dataclass(a)), typing.get_args(inner)[0])
        if before + name not in ("path", "family"):  # set by the program
            yield before + name
            yield from keys(inner, f"{before}{name}.") if dataclasses.is_dataclass(inner) else ()


def test_the_glossary_has_every_key_of_a_study_file_and_no_other():
    table = rows(section(read("GLOSSARY.md"), "The study file, key by key"))
    assert sorted(row[0].strip("`") for row in table[1:]) == sorted(keys())


def test_the_glossary_has_every_key_that_only_a_review_has():
    table = rows(section(read("GLOSSARY.md"), "The review file, key by key"))
    assert sorted(row[0].strip("`") for row in table[1:]) == sorted({*keys(Review)} - {*keys()})
    assert all(len(row[1]) > 3 for row in table[1:])


def test_the_glossary_has_every_option_of_every_method():
    table = rows(section(read("GLOSSARY.md"), "Options of the methods"))[1:]
    there = {
        (o, v) for name in methods.names() for o, allowed in methods.load(name).OPTIONS.items() for v in said(allowed)
    }
    assert {(row[0].strip("`"), row[1].replace("`", "")) for row in table} == there


def said(allowed):
    """The values of an option as the glossary writes them: each choice, or a number's lowest and highest."""
    return [f"{allowed.low:,} to {allowed.high:,}"] if isinstance(allowed, Number) else allowed


def test_the_glossary_has_every_verdict_role_status_and_rule():
    text = read("GLOSSARY.md")
    for kind in (Verdict, Role, Status):
        for one in kind:
            assert f"\n| `{one.name}` | " in text, one
    for name, rule in rules().items():
        (row,) = [row for row in rows(section(text, "Letting numbers out")) if row[0] == f"`{name}`"]
        counts = f"1 to {rule.events_below - 1}" if rule.events_below > 1 else "none"
        rounded = f"rounded to {rule.round_to}" if rule.round_to > 1 else "as they are"
        assert row[1:3] == [counts, rounded]
        assert f"{rule.units_below} areas" in row[3]
        assert rule.events_below == 1 or f"{rule.events_below} incidents" in row[3]


def test_the_citation_is_valid_and_of_this_version():
    held, project = yaml.safe_load(read("CITATION.cff")), tomllib.loads(read("pyproject.toml"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(held)
    assert (held["cff-version"], held["type"], held["license"]) == ("1.2.0", "software", project["license"])
    assert held["version"] == project["version"]
    assert [author["name"] for author in held["authors"]] == [author["name"] for author in project["authors"]]


@pytest.mark.parametrize("path", [*documents(), pytest.param(ROOT / "CITATION.cff", id="CITATION.cff")])
def test_no_document_names_a_machine_or_a_package_host(path):
    text = path.read_text("utf-8")
    assert not re.search(r"(?<![\w.])/(?:home|root|work|tmp|Users|opt|mnt|var)/|\b[A-Z]:\\|~/", text)
    assert not re.search(r"pypi\.|pythonhosted|anaconda\.|localhost|127\.0\.0\.1|simple/", text)


@pytest.mark.parametrize("path", documents())
def test_spelling_is_british(path):
    # titles of books and journals, in italics, keep their own
    american = r"\b(behavior|neighbor|color|center|labeled|modeling|analyz\w+|organiz\w+|summariz\w+|favor)\w*"
    assert not re.search(
        american, re.sub(r"`[^`]*`|\(https?:[^)]*\)|\*[^*\n]+\*", "", prose(path.read_text("utf-8"))), flags=re.I
    )


def test_the_readmes_sentences_are_short():
    text = re.sub(r"\]\([^)]*\)", "]", prose(read("README.md"))).replace("\n> ", " ")
    kept = "\n".join("" if line.startswith(("|", "#", "!")) else line for line in text.splitlines())
    pieces = re.split(r"\n\s*\n|\n(?=[-\d]\.? )|(?<=[.:!?*])\s+(?=[A-Z`\[])", kept)
    lengths = [len(piece.split()) for piece in pieces if len(piece.split()) > 2]
    assert len(lengths) > 30
    assert statistics.median(lengths) <= 25
    assert max(lengths) <= 40


def test_the_readme_prints_what_the_demo_finds():
    held = json.loads(read("briefs/bundle/results.json"))["tables"]["results_police_violence"]["rows"]
    row = {one["term"]: one for one in held}["relative"]
    study = load_study(ROOT / "params" / "demo.yaml")
    interval = f"{row['conf_low']:+.1%} to {row['conf_high']:+.1%}"
    line = f"estimate {row['estimate']:+.1%}   95% interval {interval}   truth {study.made_up.effect:+.1%}"
    assert f"Outcome: {study.primary.label}\n  {line}\n" in read("README.md")


def test_the_finding_of_the_real_study_is_the_one_in_the_readme(real_folder):
    import curv_eval as ce
    from curv_eval.report.effect_parts import effect_of
    from curv_eval.report.words import sentence

    study = ce.load_study(ROOT / "params" / "cleveland-asb-hotspots.yaml")
    panel = ce.assemble(study, ce.load_data(study, real_folder)).panel
    assert repr(panel) in read("ARCHITECTURE.md")
    found = ce.release_results(study, ce.estimate_all(study, panel))[study.primary.name]
    said = sentence(effect_of(study.primary, found, study), study.words.intervention)
    assert said in " ".join(read("README.md").replace("\n> ", " ").split())


def test_a_faulty_study_is_refused_in_the_words_of_the_walk(tmp_path):
    text = read("params/demo.yaml")
    changes = {"  comparison: not": "  comparision: not", 'registered: "2026-11-23"': "registered: 23 November 2026"}
    for right, wrong in changes.items():
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "street-mentoring.yaml").write_text(text, "utf-8")
    with pytest.raises(StudyError) as refusal:
        load_study(tmp_path / "street-mentoring.yaml")
    assert f"\n{refusal.value}\n" in read("docs/bring-your-own-study.md")


def test_decisions_are_numbered_whole_and_linked():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for path in DECISIONS:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]}. ")
        assert re.findall(r"^## (.+)$", text, flags=re.M) == ["Context", "Decision", "Consequence"]
        assert f"(docs/decisions/{path.name})" in read("ARCHITECTURE.md")


def test_fragments_have_a_number_and_a_kind_and_numbers_say_all():
    kinds = {row[0].strip("`") for row in rows(read("CHANGELOG.md"))[1:]}
    assert FRAGMENTS
    for path in FRAGMENTS:
        match = re.fullmatch(r"\d{4}-[a-z0-9-]+\.(\w+)\.md", path.name)
        assert match and match[1] in kinds, path.name
        if match[1] == "numbers":
            for part in ("Whose figures change.", "By how much.", "Whose do not.", "How verified."):
                assert f"**{part}**" in path.read_text("utf-8"), path.name
