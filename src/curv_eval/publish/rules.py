"""Rules on pandoc's tree of a brief: each takes what one format shows and yields what may not be published.

Sources: quarto.org/docs/authoring/figures.html, tables.html, callouts.html, cross-references.html, conditional.html;
alt text of 30 to 300 characters that is not the caption (Analysis Function, charts checklist).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from curv_eval.publish.source import Finding, inside
from curv_eval.publish.tree import FORMATS, Node, classes, identifier, plain, settings, walk

CALLOUTS = ("callout-note", "callout-tip", "callout-warning", "callout-important", "callout-caution")
_PLAIN_DIVS = ("at-a-glance", "headline", "status-draft", "status-made-up")
_CONDITIONS = ("content-visible", "content-hidden")
_ID = re.compile(r"^(?:fig|tbl|sec)-[a-z0-9-]+$")
_FEWEST, _MOST = 30, 300
_REFUSED = {
    "LineBlock": "line blocks are not part of a brief",
    "CodeBlock": "code is not part of a brief (a line indented by four spaces is code too)",
    "Code": "code is not part of a brief; write the words",
    "RawBlock": "raw HTML (also a comment) is not part of a brief; it would show in one format only",
    "RawInline": "raw HTML (also a comment) is not part of a brief; it would show in one format only",
    "BlockQuote": "block quotes are not part of a brief",
    "DefinitionList": "definition lists are not part of a brief",
    "HorizontalRule": "rules are not part of a brief; use a heading",
    "Underline": "underlining is not part of a brief",
    "Strikeout": "struck-out text is not part of a brief",
    "Superscript": "superscripts are not part of a brief; write the words",
    "Subscript": "subscripts are not part of a brief; write the words",
    "SmallCaps": "small capitals are not part of a brief",
    "Math": "maths is not part of a brief: it cannot carry a text alternative; write the words",
    "Span": "spans ([text]{...}) are not part of a brief",
    "Str": "this reads as left-over markup: a footnote, link, shortcode or ::: that is not complete",
}


def check(tree: list, folder: Path, output: str) -> list[Finding]:
    """Return the findings in `tree`, what the format `output` shows of the brief in `folder`."""
    nodes = list(walk(tree))
    rules = (_refused, _headings, _divs, _images, _alike, _tables, _ids)
    found = [finding for rule in rules for finding in rule(nodes)]
    found += [finding for node in nodes for finding in _files(node, folder)]
    return found + list(_references(nodes, output)) + list(_links(nodes))


def _refused(nodes: list[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.kind in _REFUSED:
            yield node.at.finding(_REFUSED[node.kind])
        if node.kind == "Note" and {"Table", "Figure", "Header"} & set(node.above):
            yield node.at.finding("a footnote cannot stand in a table, caption or heading")


def _headings(nodes: list[Node]) -> Iterator[Finding]:
    level = 1
    for node in nodes:
        if node.kind != "Header":
            continue
        if not plain(node.content[2]).strip():
            yield node.at.finding("this heading has no words")
        if classes(node) or settings(node):
            yield node.at.finding("a heading takes nothing but an id, as {#sec-name}")
        if set(node.above) & {*CALLOUTS, *_PLAIN_DIVS}:
            continue  # a title, not a heading of the document; `_divs` looks at it
        if node.content[0] == 1:
            yield node.at.finding("# is the title's level; the front matter has the title; start with ##")
        elif node.content[0] > level + 1:
            yield node.at.finding(f"heading level {node.content[0]} follows level {level}; a level is skipped")
        level = node.content[0]


def _divs(nodes: list[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.kind != "Div":
            continue
        names, keys = classes(node), set(settings(node))
        allowed = {"title", "collapse"} if names and names[0] in CALLOUTS else set()
        if len(names) != 1 or names[0] not in (*CALLOUTS, *_PLAIN_DIVS):
            yield node.at.finding(f"unknown ::: block {' '.join(names) or '(no name)'}; known: {_known()}")
        elif keys - allowed or identifier(node):
            yield node.at.finding(f"{names[0]} takes {' and '.join(sorted(allowed)) or 'no attribute'} and no id")
        elif settings(node).get("collapse", "true") not in ("true", "false"):
            yield node.at.finding('collapse is "true" or "false"')
        elif not node.content[1]:
            yield node.at.finding(f"{names[0]} is empty")
        yield from _inner_headings(node, bool(allowed) and "title" not in keys)


def _inner_headings(div: Node, may_have_title: bool) -> Iterator[Finding]:
    first = div.content[1][:1]
    for node in walk(div.content[1]):
        is_title = may_have_title and bool(first) and node.kind == "Header" and node.content is first[0].get("c")
        if node.kind == "Header" and not is_title:
            yield node.at.finding(f"no heading inside {' '.join(classes(div))}, except first, as a callout's title")


def conditions(tree: list) -> Iterator[Finding]:
    """Yield the conditional blocks of the whole `tree` whose condition the renderers would read differently."""
    for node in walk(tree):
        names, asked = classes(node), settings(node)
        if node.kind != "Div" or not set(names) & set(_CONDITIONS):
            continue
        if len(names) != 1 or identifier(node) or len(asked) != 1 or set(asked) - {"when-format", "unless-format"}:
            yield node.at.finding(f"{names[0]} takes one of when-format and unless-format, nothing else")
        elif not set(asked.values()) <= set(FORMATS):
            yield node.at.finding(f"unknown format {min(asked.values())!r}: {', '.join(FORMATS)} (typst is the PDF)")


def _known() -> str:
    return ", ".join((*CALLOUTS, *_PLAIN_DIVS[:2], *_CONDITIONS))


def _images(nodes: list[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.kind == "Figure" and not re.match(r"^fig-[a-z0-9-]+$", identifier(node)):
            yield node.at.finding("a figure needs an id of its own, as {#fig-name ...}, in lower case")
        if node.kind != "Image":
            continue
        if "Figure" not in node.above:
            yield node.at.finding("an image stands alone between empty lines and has a caption: ![caption](file){...}")
        if classes(node) or set(settings(node)) - {"fig-alt"}:
            yield node.at.finding("a figure takes an id and fig-alt, nothing else")
        yield from _alt(node)


def _alt(node: Node) -> Iterator[Finding]:
    alt, caption = settings(node).get("fig-alt", "").strip(), plain(node.content[1])
    if not alt:
        yield node.at.finding('this image has no text alternative; write fig-alt="..."')
    elif _same(alt) == _same(caption):
        yield node.at.finding("the text alternative repeats the caption; say what the picture shows")
    elif not _FEWEST <= len(alt) <= _MOST:
        yield node.at.finding(f"the text alternative has {len(alt)} characters; between {_FEWEST} and {_MOST} serve")


def _same(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _alike(nodes: list[Node]) -> Iterator[Finding]:
    images = [node for node in nodes if node.kind == "Image"]
    alts = Counter(_same(settings(node).get("fig-alt", "")) for node in images)
    for node in images:
        if alts[_same(settings(node).get("fig-alt", ""))] > 1 and settings(node).get("fig-alt", "").strip():
            yield node.at.finding("another figure has the same text alternative")


def _tables(nodes: list[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.kind != "Table":
            continue
        if not re.match(r"^tbl-[a-z0-9-]+$", identifier(node)) or not plain(node.content[1]).strip():
            yield node.at.finding("a table needs a caption with an id below it, as `: Caption {#tbl-name}`")
        if set(settings(node)) - {"tbl-colwidths"} or classes(node):
            yield node.at.finding("a table takes an id and tbl-colwidths, nothing else")
        head = [plain(cell).strip() for row in node.content[3][1] for cell in row[1]]
        if not head or not all(head):
            yield node.at.finding("every column of a table needs a heading")
        if "tbl-colwidths" in settings(node) and not _widths(node):
            yield node.at.finding("tbl-colwidths is a list of percentages, one a column, that add up to 100")


def _widths(table: Node) -> bool:
    try:
        widths = json.loads(settings(table)["tbl-colwidths"])
        return len(widths) == len(table.content[2]) and all(one > 0 for one in widths) and sum(widths) == 100
    except (ValueError, TypeError):
        return False


def _ids(nodes: list[Node]) -> Iterator[Finding]:
    seen: set[str] = set()
    for node in nodes:
        name = identifier(node)
        if node.kind == "Header" and f"#{name}" not in node.at.text:
            continue  # pandoc made this id from the words and keeps it unique
        if name in seen:
            yield node.at.finding(f"the id {name} is used twice")
        if name and not _ID.match(name):
            yield node.at.finding(f"the id {name} starts with fig-, tbl- or sec- and goes on in lower case")
        seen |= {name} - {""}


def _references(nodes: list[Node], output: str) -> Iterator[Finding]:
    known = {identifier(node) for node in nodes if identifier(node)}
    for cite in (node for node in nodes if node.kind == "Cite"):
        for one in cite.content[0]:
            name = one["citationId"]
            if not _ID.match(name):
                yield cite.at.finding(f"@{name} is not a reference to a figure, table or section of this brief")
            elif name not in known:
                yield cite.at.finding(f"@{name} points at nothing in the {output} document")
            elif one["citationMode"]["t"] != "AuthorInText" or one["citationSuffix"]:
                yield cite.at.finding(f"write the reference as @{name}, without brackets")


def _links(nodes: list[Node]) -> Iterator[Finding]:
    known = {identifier(node) for node in nodes if identifier(node)}
    for link in (node for node in nodes if node.kind == "Link"):
        target = link.content[2][0]
        if not plain(link.content[1]).strip():
            yield link.at.finding("this link has no words")
        if target.startswith("#") and target[1:] not in known:
            yield link.at.finding(f"{target} points at nothing in this brief")


def _files(node: Node, folder: Path) -> Iterator[Finding]:
    if node.kind == "Link" and not node.content[2][0].startswith("#"):
        target = urlsplit(node.content[2][0])
        if target.scheme not in ("", "http", "https", "mailto"):
            yield node.at.finding(f"a link may not be {target.scheme}:")
        elif not target.scheme and (target.netloc or inside(folder, unquote(target.path)) is None):
            yield node.at.finding(f"there is no {target.path} in the brief to link to")
    if node.kind != "Image":
        return
    picture = node.content[2][0]
    if not picture.endswith((".svg", ".png")) or inside(folder, picture) is None:
        yield node.at.finding(f"there is no SVG or PNG file {picture} in the brief")
    elif inside(folder, picture.removesuffix(".svg").removesuffix(".png") + ".png") is None:
        yield node.at.finding(f"there is no PNG beside {picture}; Word needs one")
