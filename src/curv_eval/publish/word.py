"""The Word styles of a brief: pandoc's reference document with our fonts, colours, boxes and a page number.

Built from text each time, not kept as a binary, so that a reviewer can read what it holds; always the same bytes.
Source of the form: pandoc manual, `--reference-doc`; ECMA-376 part 1, 17.7 (styles).
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from curv_eval.publish.pandoc import run_pandoc

REFERENCE = "reference.docx"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FONT = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="Arial" w:cs="Arial"/>'
_BLUE, _GREY, _BLACK = "12436D", "3D3D3D", "1D1D1D"
_BOXES = {
    "Note": (_BLUE, "EDF2F6"),
    "Tip": ("28A197", "EAF5F4"),
    "Warning": ("F46A25", "FDF0EA"),
    "Important": ("801650", "F6ECF1"),
    "Caution": (_GREY, "F1F1F1"),
}
_TABLE = (
    '<w:style w:type="table" w:default="1" w:styleId="Table"><w:name w:val="Table"/><w:qFormat/><w:tblPr>'
    '<w:tblBorders><w:bottom w:val="single" w:sz="4" w:color="C9D3DC"/>'
    '<w:insideH w:val="single" w:sz="4" w:color="C9D3DC"/></w:tblBorders><w:tblCellMar>'
    '<w:top w:w="40" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>'
    '<w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblStylePr w:type="firstRow"><w:rPr><w:b/>'
    f'<w:color w:val="{_BLUE}"/></w:rPr><w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="12" w:color="{_BLUE}"/>'
    '</w:tcBorders><w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr></w:style>'
)


def reference_document(folder: Path, *, mark: str = "") -> Path:
    """Write `reference.docx` into `folder` and return its path; the same bytes every time.

    `mark` stands at the foot of every page before the page number ("DRAFT"); it is text, not markup.
    """
    raw = run_pandoc("", "--print-default-data-file=reference.docx", folder=folder)
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    parts["word/styles.xml"] = _styled(parts["word/styles.xml"])
    _replace(parts, "word/settings.xml", 'themeFontLang w:val="en-US"', 'themeFontLang w:val="en-GB"')
    parts["word/footer1.xml"] = _footer(mark)
    footer = f'<Relationship Type="{_LINKS}/footer" Id="rId99" Target="footer1.xml" /></Relationships>'
    _replace(parts, "word/_rels/document.xml.rels", "</Relationships>", footer)
    override = f'<Override PartName="/word/footer1.xml" ContentType="{_MAIN}.footer+xml" /></Types>'
    _replace(parts, "[Content_Types].xml", "</Types>", override)
    section = r"<w:sectPr\s*/>|<w:sectPr>.*?</w:sectPr>"
    parts["word/document.xml"] = re.sub(section, _section(), parts["word/document.xml"], flags=re.S)
    return _zipped(parts, Path(folder) / REFERENCE)


def _footer(mark: str) -> str:
    def text(words: str) -> str:
        return f'<w:r><w:t xml:space="preserve">{escape(words)}</w:t></w:r>'

    def field(name: str) -> str:
        return f'<w:fldSimple w:instr=" {name} ">{text("1")}</w:fldSimple>'

    words = text(f"{mark} · Page " if mark else "Page ") + field("PAGE") + text(" of ") + field("NUMPAGES")
    style = '<w:pPr><w:pStyle w:val="Footer"/></w:pPr>'
    return f'<?xml version="1.0" encoding="UTF-8"?><w:ftr {_NAMESPACE}><w:p>{style}{words}</w:p></w:ftr>'


def _section() -> str:
    return (
        f'<w:sectPr><w:footerReference xmlns:r="{_LINKS}" w:type="default" r:id="rId99"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1247" w:right="1361" w:bottom="1247" w:left="1361" '
        'w:header="709" w:footer="567" w:gutter="0"/></w:sectPr>'
    )


def _replace(parts: dict[str, str], name: str, old: str, new: str) -> None:
    parts[name] = parts[name].replace(old, new)


def _zipped(parts: dict[str, str], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), parts[name], zipfile.ZIP_DEFLATED)
    return path


def _styled(styles: str) -> str:
    ours = [*_text_styles(), *_heading_styles(), *_box_styles(), _TABLE]
    replaced = {re.search(r'w:styleId="([^"]+)"', style)[1] for style in ours}

    def kept(found: re.Match) -> str:
        return "" if re.search(r'w:styleId="([^"]+)"', found[0])[1] in replaced else found[0]

    styles = re.sub(r"<w:style .*?</w:style>", kept, styles, flags=re.S)
    styles = re.sub(r'<w:rFonts w:asciiTheme="minorHAnsi"[^>]*/>', _FONT, styles, count=1)
    styles = re.sub(r'<w:sz w:val="24" />\s*<w:szCs w:val="24" />', _size(10.5), styles, count=1)
    return styles.replace("</w:styles>", "".join(ours) + "</w:styles>")


def _size(points: float) -> str:
    return f'<w:sz w:val="{points * 2:.0f}"/><w:szCs w:val="{points * 2:.0f}"/>'


def _run(*, points: float = 0, colour: str = "", bold: bool = False) -> str:
    weight, ink = "<w:b/>" if bold else "", f'<w:color w:val="{colour}"/>' if colour else ""
    return f"<w:rPr>{_FONT}{weight}{ink}{_size(points) if points else ''}</w:rPr>"


def _style(name: str, based: str, paragraph: str, run: str) -> str:
    known = {"heading 1": "Heading1", "heading 2": "Heading2", "heading 3": "Heading3", "footer": "Footer"}
    key = known.get(name, name.replace(" ", ""))
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="{based}"/>'
        f'<w:next w:val="BodyText"/><w:qFormat/><w:pPr>{paragraph}</w:pPr>{run}</w:style>'
    )


def _gap(before: int, after: int, line: int = 0) -> str:
    lead = f' w:line="{line}" w:lineRule="auto"' if line else ""
    return f'<w:spacing w:before="{before}" w:after="{after}"{lead}/>'


def _text_styles() -> list[str]:
    edge = f'<w:top w:val="single" w:sz="12" w:space="6" w:color="{_BLUE}"/>'
    foot = f'<w:bottom w:val="single" w:sz="12" w:space="6" w:color="{_BLUE}"/>'
    return [
        _style("Title", "Normal", _gap(0, 120), _run(points=24, colour=_BLUE, bold=True)),
        _style("Subtitle", "Normal", _gap(0, 120), _run(points=13, colour=_BLACK, bold=True)),
        _style("Author", "Normal", _gap(0, 40), _run(colour=_GREY)),
        _style("Date", "Normal", _gap(0, 240), _run(colour=_GREY)),
        _style("Body Text", "Normal", _gap(100, 140, 288), _run(colour=_BLACK)),
        _style("Caption", "Normal", _gap(0, 160), _run(points=9.5, colour=_GREY)),
        _style("Table Caption", "Caption", "<w:keepNext/>" + _gap(240, 80), _run(points=9.5, colour=_GREY, bold=True)),
        _style("Captioned Figure", "Normal", "<w:keepNext/>" + _gap(240, 80), ""),
        _style("Footnote Text", "Normal", _gap(0, 60), _run(points=9)),
        _style("Headline", "BodyText", _gap(160, 240), _run(points=15, colour=_BLUE, bold=True)),
        _style("At a Glance", "Normal", f"<w:pBdr>{edge}{foot}</w:pBdr>{_gap(60, 60)}", _run(points=11)),
        _style("footer", "Normal", '<w:jc w:val="right"/>', _run(points=8.5, colour=_GREY)),
    ]


def _heading_styles() -> list[str]:
    sizes = {1: (16, 420), 2: (12.5, 300), 3: (11, 240)}
    return [
        _style(
            f"heading {level}",
            "Normal",
            f'<w:keepNext/><w:keepLines/>{_gap(before, 100)}<w:outlineLvl w:val="{level - 1}"/>',
            _run(points=points, colour=_BLUE, bold=True),
        )
        for level, (points, before) in sizes.items()
    ]


def _box_styles() -> list[str]:
    styles = []
    for kind, (bar, ground) in _BOXES.items():
        box = (
            f'<w:pBdr><w:left w:val="single" w:sz="36" w:space="8" w:color="{bar}"/></w:pBdr>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{ground}"/>'
        )
        inset = '<w:ind w:left="220" w:right="120"/>'
        title = "<w:keepNext/>" + box + _gap(240, 0) + inset
        styles.append(_style(f"Callout Title {kind}", "Normal", title, _run(colour=_BLACK, bold=True)))
        styles.append(_style(f"Callout {kind}", "BodyText", box + _gap(0, 80) + inset, _run(colour=_BLACK)))
    return styles
