"""Values that name or find a person, made up, and the formats they are put into.

Check figures are worked out here by other code than the detectors'.
"""

import base64
import hashlib
import io
import json
import zipfile

from curv_eval.disclosure.scan import codes, contacts, official, persons, places


def nhs(nine):
    """The ten figures of an NHS number, None where its check would be 10."""
    total = sum(weight * int(figure) for weight, figure in zip((10, 9, 8, 7, 6, 5, 4, 3, 2), nine, strict=True))
    check = (11 - total % 11) % 11
    return None if check == 10 else f"{nine}{check}"


def upn(twelve):
    """A unique pupil number: the letter, then twelve figures."""
    total = sum(weight * int(figure) for weight, figure in zip(range(2, 14), twelve, strict=True))
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23] + twelve


def _hash(word):
    return hashlib.sha256(word.encode()).hexdigest()


def _spaced(ten, mark):
    return mark.join((ten[:3], ten[3:6], ten[6:]))


_NUMBERS = [n for n in map(nhs, ("943476591", "485777345", "401023213", "700000042", "612345678")) if n]
_RAW = [hashlib.blake2b(word, digest_size=24).digest() for word in (b"one", b"two", b"three")]

PLANTED = {
    places.POSTCODE: [
        "TS1 3BX",
        "TS13BX",
        "ts24 7rw",
        "SW1A 1AA",
        "M1 1AE",
        "EC1A 1BB",
        "TS17\u00a06BT",
        "DN55-1PT",
        "ZY3 4AB",
        "TS1\u200b 3BX",
        "W1A 0AX",
        "GIR 0AA",
    ],
    official.NHS: [*_NUMBERS, _spaced(_NUMBERS[0], " "), _spaced(_NUMBERS[1], "-"), f"{_NUMBERS[0]}.0"],
    official.NI: ["QQ123456C".replace("QQ", "AB"), "ab 12 34 56 d", "JG-10-37-59-A", "NI number: CE 12 34 56"],
    contacts.EMAIL: ["jo.bloggs@nhs.net", "Jo+1@cleveland.police.uk", "jo (at) charity.org.uk", "jo%40charity.org.uk"],
    contacts.PHONE: [
        "01642 774774",
        "(01642) 774 774",
        "07700 900123",
        "+44 7700 900123",
        "020 7946 0018",
        "0044 1642 774774",
        "07700900123",
        "01642-774-774",
    ],
    persons.BORN: [
        "born on 3 May 2006",
        "DOB: 03/05/2006",
        "date of birth 2006-05-03",
        "d.o.b. 3.5.06",
        "May 3, 2006 (birthday)",
    ],
    official.UPN: [upn("801200001001"), upn("312345678901"), upn("805219002017").lower()],
    official.PNC: ["04/123456A", "2004/0123456A", "98/4321Z"],
    official.CRO: ["123456/04A"],
    official.CASE: ["crime reference CVP-22-104233", "incident number: 20391", "custody ref 2024/00817"],
    codes.CRIME: [_hash("crime"), _hash("another").upper()],
    codes.PSEUDONYM: [
        _hash("person")[:32],
        _hash("somebody")[:16],
        base64.b64encode(_RAW[0]).decode(),
        base64.urlsafe_b64encode(_RAW[1]).decode(),
        base64.b32encode(_RAW[2]).decode(),
        f"0x{_hash('x')[:40]}",
    ],
    codes.UNIQUE: ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3F2504E0-4F89-41D3-9A0C-0305E82C3302"],
    official.VEHICLE: ["NX65 KLM", "AB12CDE"],
    persons.NAME: [
        "Oliver Smith",
        "SMITH, Oliver",
        "Aisha Begum",
        "Mr Tindale",
        "Ms A. Zywiec",
        "Dr Okonkwo",
        "DYLAN MCDONALD",
        "Emily J. Taylor",
        "Liam O’Brien",
        "Chloe Smith-Jones",
        "Miss Xu Ling",
    ],
    places.ADDRESS: ["12 Acklam Road", "Flat 2, 114 Linthorpe Rd", "7a Park Vale Street", "3 St Barnabas Crescent"],
    places.COORDINATES: ["54.574321, -1.234567", "-1.234567 54.574321", "NZ 49512 20123", "///filled.count.soap"],
}
VALUES = [(kind, value) for kind, values in PLANTED.items() for value in values]
# what people write about people
FREE_TEXT = [
    "the lad next door came round after school and wanted money",
    "she told her worker that it began when they moved to the coast",
    "argument over a borrowed bike outside the bakery, nobody hurt badly",
    "says he carries it because older boys waited near the bus stop",
    "mother rang twice, worried about bruises under both eyes on Monday",
    "refused to name them but described a grey hood and white trainers",
    "was pushed down steps behind the library during lunch break",
    "third referral this autumn; keeps missing sessions since gran died",
    "threatened by text message, then followed home through underpass",
    "happy today, started boxing club, wants help finding apprenticeship",
    "cousin involved again, police already spoke with family last weekend",
    "left arm stitched at walk-in centre, claims fell against fence",
]
# what is looked for in the names of columns
COLUMNS = [
    "name",
    "Surname",
    "first_name",
    "Given Name",
    "dob",
    "Date of birth",
    "address",
    "Home Address",
    "postcode",
    "NHS_Number",
    "nhs no",
    "person_id",
    "patientId",
    "pseudonym",
    "victim name",
    "crime_id",
    "e-mail",
    "UPN",
    "left_id",
]


def _sentence(value):
    return f"It was seen that {value} was there in the year."


def _zip(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as held:
        for name, text in members.items():
            held.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return file.getvalue()


def _xml(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _svg(text="", title="", attribute="", comment=""):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg"><!-- ' + comment + " --><title>" + _xml(title) + "</title>"
        f'<g id="axes_1" aria-label="{_xml(attribute)}"><path d="M 1.5 2.25 L 3 4 z"/>'
        f'<text x="1">{_xml(text)}</text></g></svg>'
    ).encode()


def _docx(*runs, head="What", extra=""):
    """A document whose paragraph is parted into runs, as Word parts one that was edited."""
    body = "".join(f"<w:r><w:t xml:space='preserve'>{_xml(run)}</w:t></w:r>" for run in runs)
    table = f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>{_xml(head)}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    main = f"<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body><w:p>{body}</w:p>{table}</w:body></w:document>"
    return _zip(
        word__document_dot_xml=main,
        docProps__core_dot_xml=f"<coreProperties><creator>{_xml(extra)}</creator></coreProperties>",
    )


def _xlsx(head, value):
    rows = "<row><c r='A1' t='s'><v>0</v></c></row><row><c r='A2' t='s'><v>1</v></c><c r='C2'><v>5</v></c></row>"
    parts = "".join(f"<r><t>{_xml(part)}</t></r>" for part in (value[:3], value[3:]))
    shared = f"<sst><si><t>{_xml(head)}</t></si><si>{parts}</si></sst>"
    sheet = f"<worksheet><sheetData>{rows}</sheetData></worksheet>"
    return _zip(xl__worksheets__sheet1_dot_xml=sheet, xl__sharedStrings_dot_xml=shared)


def _notebook(text="", **data):
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]
    cell = {"cell_type": "code", "source": ["x = 1\n", text], "outputs": outputs, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4}).encode()


def _csv(head, *cells):
    return "\n".join([f"area,{head}", *(f'E01012345,"{cell}"' for cell in cells)]).encode()


def _json(head, *cells):
    return json.dumps({"tables": {"x": {"rows": [{"n": 1, head: cell} for cell in [*cells, "none"]]}}}).encode()


# format: (file name, what makes it of a value); the value stands alone or in a sentence, as it would there
FORMATS = {
    "csv": ("tables/x.csv", lambda v: _csv("note", v)),
    "json": ("results.json", lambda v: _json("note", v)),
    "svg text": ("figures/x.svg", lambda v: _svg(text=_sentence(v))),
    "svg title": ("figures/x.svg", lambda v: _svg(title=v)),
    "svg attribute": ("figures/x.svg", lambda v: _svg(attribute=_sentence(v))),
    "svg comment": ("figures/x.svg", lambda v: _svg(comment=v.replace("--", "-"))),
    "alternative text": ("figures/x.alt.txt", lambda v: _sentence(v).encode()),
    "markdown": ("parts/_x.md", lambda v: f"First.\n\nThen **{v}** again.\n".encode()),
    "markdown table": ("parts/_x.md", lambda v: f"| a | b |\n|---|---|\n| 1 | {v} |\n".encode()),
    "markdown escaped": ("parts/_x.md", lambda v: v.replace("@", "\\@").replace("-", "\\-").encode()),
    "variables": ("_variables.yml", lambda v: f"headline: {json.dumps(_sentence(v))}\n".encode()),
    "yaml comment": ("_variables.yml", lambda v: f"headline: none # {v}\n".encode()),
    "html": ("study.html", lambda v: f"<p>Seen:</p><p><span>{v[:3]}</span>{v[3:]}</p>".encode()),
    "html attribute": ("study.html", lambda v: f'<img alt="{v}" src="x.png"><p data-x="none">no</p>'.encode()),
    "docx": ("study.docx", lambda v: _docx("Seen: ", v[:3], v[3:], " there")),
    "docx properties": ("study.docx", lambda v: _docx("no", extra=v)),
    "xlsx": ("tables.xlsx", lambda v: _xlsx("note", v)),
    "zip": ("all.zip", lambda v: _zip(inner_dot_zip=_zip(x_dot_csv=_csv("note", v)))),
    "notebook source": ("x.ipynb", lambda v: _notebook(f"# {v}")),
    "notebook output": ("x.ipynb", lambda v: _notebook(**{"text/html": ["<td>\n", f"<b>{v}</b></td>"]})),
    "notebook picture": ("x.ipynb", lambda v: _notebook(**{"image/svg+xml": _svg(text=v).decode()})),
    "packed address": (
        "study.html",
        lambda v: b'<img src="data:image/svg+xml;base64,' + base64.b64encode(_svg(text=v)) + b'">',
    ),
}
# formats with names of columns
HEADED = {
    "csv": ("tables/x.csv", lambda head: _csv(head, "1")),
    "semicolons": ("tables/x.csv", lambda head: f"area;{head}\nE01012345;1\n".encode()),
    "json": ("results.json", lambda head: _json(head, "1")),
    "xlsx": ("tables.xlsx", lambda head: _xlsx(head, "something")),
}
