"""The sample study, and the words a reader meets in its three documents, read back with independent parsers."""

import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pypdf

SAMPLE = Path(__file__).parent / "sample"
VOID = {"meta", "link", "img", "br", "hr", "col", "input", "source"}
SVG = "{http://www.w3.org/2000/svg}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def not_made_up(run):
    path = run / "release" / "results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "made_up": False}))
    return run


class Page(HTMLParser):
    """Every tag of a page with its attributes and what it stands in, and the words of its main part."""

    def __init__(self, text, *, strict=True):
        super().__init__()
        self.strict = strict
        self.open, self.tags, self.main, self.footnotes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes, tuple(name for name, _ in self.open)))
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(name for name, _ in self.open)))

    def handle_endtag(self, tag):
        if self.strict:
            assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        while any(name == tag for name, _ in self.open) and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if any(attributes.get("role") in ("doc-endnotes", "doc-noteref") for _, attributes in self.open):
            self.footnotes.append(data)
        elif any(tag == "main" for tag, _ in self.open):
            self.main.append(data)

    def all(self, wanted):
        return [attributes for tag, attributes, _ in self.tags if tag == wanted]


def words(text):
    return re.findall(r"[^\W\d_]+|\d+", text)


def page(folder, *, strict=True):
    return Page((folder / "study.html").read_text("utf-8"), strict=strict)


def word_part(folder, name):
    with zipfile.ZipFile(folder / "study.docx") as archive:
        root = ElementTree.fromstring(archive.read(f"word/{name}.xml"))
    return "\n".join("".join(t.text or "" for t in p.iter(f"{W}t")) for p in root.iter(f"{W}p"))


def pdf_text(folder):
    return "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(folder / "study.pdf").pages)


def chart_words(folder):
    svgs = sorted((folder / "bundle" / "figures").glob("*.svg"))
    return [word for svg in svgs for text in ElementTree.parse(svg).iter(f"{SVG}text") for word in words(text.text)]
