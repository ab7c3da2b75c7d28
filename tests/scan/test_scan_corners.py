"""Corners of the scan: what is read that few would think of, what is counted once, and who may sign."""

import base64
import io
import json
import shutil
import zipfile

import pypdf
import pytest
from planted import _svg, _zip
from projects import DEMO, ROOT, change
from test_scan_planted import kinds, put

from curv_eval.disclosure.scan import Known, formats, refuse_findings, scan
from curv_eval.errors import DisclosureError
from curv_eval.registration import draft, write
from curv_eval.run.leaving import known_of, refuse_identifiers, study_of
from curv_eval.study import load_study


def pdf(text="", attached=None, **properties):
    """A PDF of one page with a text, as few programs would write it."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 300)
    font = pypdf.generic.DictionaryObject(
        {
            pypdf.generic.NameObject("/Type"): pypdf.generic.NameObject("/Font"),
            pypdf.generic.NameObject("/Subtype"): pypdf.generic.NameObject("/Type1"),
            pypdf.generic.NameObject("/BaseFont"): pypdf.generic.NameObject("/Helvetica"),
        }
    )
    fonts = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})
    held = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/Font"): fonts})
    page[pypdf.generic.NameObject("/Resources")] = held
    content = pypdf.generic.DecodedStreamObject()
    content.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    page[pypdf.generic.NameObject("/Contents")] = content
    writer.add_metadata({f"/{name}": value for name, value in properties.items()})
    if attached:
        writer.add_attachment("x.txt", attached)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_the_text_and_the_properties_of_a_pdf_are_read(tmp_path):
    assert kinds(put(tmp_path, "x.pdf", pdf("nothing", Author="nobody"))) == set()
    assert kinds(put(tmp_path, "x.pdf", pdf("seen at TS1 3BX"))) == {"full postcode"}
    assert kinds(put(tmp_path, "x.pdf", pdf("nothing", Author="Liam Taylor"))) == {"name of a person"}
    (found,) = scan(put(tmp_path, "x.pdf", pdf("nothing", attached=b"TS1 3BX")))
    assert "files attached" in found.kind


def test_a_pdf_is_refused_where_nothing_can_read_it(tmp_path, monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "pypdf":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    (found,) = scan(put(tmp_path, "x.pdf", pdf("nothing")))
    assert found.kind.endswith("a PDF, which only a machine with pypdf can read")


def test_a_packed_file_that_grows_too_large_is_refused(tmp_path, monkeypatch):
    path = put(tmp_path, "x.zip", _zip(x_dot_txt="nothing " * 100))
    assert scan(path) == ()
    monkeypatch.setattr(formats, "_LARGEST", 700)
    (found,) = scan(path)
    assert "too large" in found.kind


def test_a_locked_packed_file_is_refused(tmp_path):
    raw = bytearray(_zip(x_dot_txt="nothing"))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = raw.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        raw[at] |= 1  # the mark of a member that needs a password
    (found,) = scan(put(tmp_path, "x.zip", bytes(raw)))
    assert "cannot be opened" in found.kind


def test_comments_of_members_and_instructions_of_xml_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as held:
        member = zipfile.ZipInfo("x.txt")
        member.comment = b"at TS1 3BX"
        held.writestr(member, "nothing")
    (found,) = scan(tmp_path / "x.zip")
    assert (found.place, found.kind) == ("member x.txt, comment", "full postcode")
    (found,) = scan(put(tmp_path, "y.svg", b"<svg><?made by Liam Taylor?></svg>"))
    assert (found.place, found.kind) == ("element instruction 1", "name of a person")


def test_trees_that_are_too_deep_are_refused(tmp_path):
    (found,) = scan(put(tmp_path, "x.json", b"[" * 300 + b"]" * 300))
    assert "nested too deeply" in found.kind
    assert scan(put(tmp_path, "x.json", b"[" * 100 + b"]" * 100)) == ()


def test_a_cell_and_the_text_around_it_are_one_finding(tmp_path):
    (found,) = scan(put(tmp_path, "x.md", b"| a | b |\n|---|---|\n| TS1 3BX | TS1 4BX |\n"))
    assert (found.place, found.count) == ("line 3", 2)


def test_a_picture_in_a_notebook_is_read_as_one(tmp_path):
    for data, kind in {
        "image/png": "its name says PNG, and it is not one",
        "image/gif": "of the kind image/gif, which is not known here",
        "application/pdf": "a PDF that cannot be read",
        "image/jpeg": "of the kind image/jpeg, which is not known here",
    }.items():
        cell = {"cell_type": "code", "source": [], "outputs": [{"data": {data: "bm90aGluZw=="}}]}
        (found,) = scan(put(tmp_path, "x.ipynb", json.dumps({"cells": [cell]}).encode()))
        assert found.kind.endswith(kind), data


def test_a_pdf_in_a_notebook_is_read_as_one(tmp_path):
    body = base64.b64encode(pdf("seen at TS1 3BX")).decode()
    cell = {"cell_type": "code", "source": [], "outputs": [{"data": {"application/pdf": body}}]}
    assert kinds(put(tmp_path, "x.ipynb", json.dumps({"cells": [cell]}).encode())) == {"full postcode"}


def test_metadata_of_a_notebook_are_read(tmp_path):
    held = {"cells": [], "metadata": {"authors": [{"name": "Liam Taylor"}, {"name": "none"}]}}
    (found,) = scan(put(tmp_path, "x.ipynb", json.dumps(held).encode()))
    assert (found.place, found.kind) == ("metadata.authors[1].name", "name of a person")


def test_words_that_are_drawn_as_shapes_leave_their_comment(tmp_path):
    # a chart whose letters are drawn says what they are in a comment
    assert kinds(put(tmp_path, "x.svg", _svg(comment="Liam Taylor"))) == {"name of a person"}


def test_nothing_in_a_message_runs_over_its_line(tmp_path):
    put(tmp_path, "a\nb.txt", b"TS1 3BX")
    with pytest.raises(DisclosureError) as refusal:
        refuse_findings(tmp_path)
    assert refusal.value.breaches == ("file number 1: full postcode in line 1",)


@pytest.fixture
def study(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "data_contracts").mkdir()
    shutil.copy(ROOT / "data_contracts" / "vcse_referrals.yaml", tmp_path / "data_contracts")
    (tmp_path / "params" / "demo.yaml").write_text(DEMO, "utf-8")
    return load_study(tmp_path / "params" / "demo.yaml")


def test_those_who_may_sign_are_all_of_them(study):
    contract = study.project / "data_contracts" / "vcse_referrals.yaml"
    change(contract, 'controller, value: "', 'controller, value: "Aisha Begum of ')
    change(contract, 'steward, value: "', 'steward, value: "Oliver Jones, ')
    change(
        contract,
        "  - { property: recipients",
        "  - property: approvals\n    value:\n      - { version: 1.0.0, approver: Grace Patel, role: lead, "
        "date: '2026-01-01', reason: agreed }\n  - { property: recipients",
    )
    path = study.path
    change(path, "authors: The curv-eval authors", "authors: Emily Khan")
    change(path, "contact: See the project's page.", "contact: Ask Lucas Shaw")
    change(
        path,
        "  limits:\n",
        "  claim: { text: it fell, change: -0.1, by: Freya Walsh, period: '2023', design: before, "
        'source: "https://data.police.uk/" }\n  limits:\n',
    )
    held = load_study(path)
    write(held, draft(held, by="Noor Hassan", deviation=None))
    signed = known_of(load_study(path)).signed
    people = ("Aisha Begum", "Oliver Jones", "Grace Patel", "Emily Khan", "Lucas Shaw", "Freya Walsh", "Noor Hassan")
    for one in people:
        assert one in signed, one
    text = put(path.parent, "x.md", "; ".join(people).encode())
    refuse_identifiers(text, load_study(path))
    with pytest.raises(DisclosureError, match=r"x\.md: name of a person, 7 times"):
        refuse_identifiers(text, None)


def test_the_words_of_the_study_and_of_each_contract_may_be_quoted(study):
    written = known_of(study).written
    assert " ".join(study.question.split()) in written
    for name in study.contracts:
        assert name in written
    assert "Those referred are chosen by people who know them" in written
    assert "Liam Taylor" not in Known().signed


def test_the_study_of_a_run_stands_in_its_project(study):
    run = study.project / "outputs" / "demo" / "0123456789ab"
    run.mkdir(parents=True)
    assert study_of(run) is None
    shutil.copy(study.path, run / "study.yaml")
    assert study_of(run).project == study.project
    (run / "study.yaml").write_text("study: [1", "utf-8")
    assert study_of(run) is None
