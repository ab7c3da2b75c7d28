"""The error list as one web page a partner can open: what is wrong, where, and what to do; no personal value."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from curv_eval.breach import Breach
from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.validation.checked import Validation
from curv_eval.validation.every import Promise
from curv_eval.validation.listing import Line
from curv_eval.validation.words import allowed, heading, problem, short, to_do

MOST = 1_000
_WHOLE = "The file as a whole"


def page(said: Validation, lines: Sequence[Line], listing: str | None = None) -> str:
    """Return the page as HTML. lines: the first breaches of rows. listing: the name of the file with all, if any."""
    broken = [breach for breach in said.breaches if breach.first_rows]
    body = [
        _facts(said),
        _list(_WHOLE, [f"{heading(_promise(b), said.contract)}: {b.rule}. {_sentence(b.remedy)}" for b in said.whole]),
        _summary(broken, said.contract),
        _rows(said, lines, listing),
        _list("Put right while reading", [_ended(repair) for repair in said.repairs]),
    ]
    return _document(_title(said), said.contract, "".join(body), made_up=said.made_up)


def page_unread(name: str, contract: Contract, fault: ContractError, *, made_up: bool) -> str:
    """Return the page about a file that could not be read as a whole."""
    faults = [_ended(line) for line in fault.breaches or (fault.what,)]
    do = f"<p>What to do: {_said(_sentence(fault.do))}</p>" if fault.do else ""
    title = f"{name}: this file could not be checked row by row"
    return _document(title, contract, _list(_WHOLE, faults) + do, made_up=made_up)


def _promise(breach: Breach) -> Promise:
    return Promise(breach.column, breach.rule)


def _said(text: str) -> str:
    return escape(text, quote=True)


def _name(promise: Promise, contract: Contract) -> str:
    # a long name breaks where its words do
    return _said(heading(promise, contract)).replace("_", "_<wbr>")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{_ended(text[1:])}"


def _ended(text: str) -> str:
    return f"{text}." if text[-1:] not in (".", "!", "?", "") else text


def _title(said: Validation) -> str:
    if not said.breaches:
        return f"{said.name}: nothing to mend"
    if not said.broken:
        return f"{said.name}: the file as a whole needs mending"
    return f"{said.name}: {said.broken:,} of {said.rows:,} rows to mend"


def _facts(said: Validation) -> str:
    lines = [f"All {said.rows:,} rows were checked."]
    if said.broken:
        lines.append("Rows have the numbers a spreadsheet shows." if said.numbered else "Rows are counted from 1.")
    if said.breaches:
        lines.append("Mend the data where they are kept, and make the file again from there.")
    return f'<div class="facts">{"".join(f"<p>{_said(line)}</p>" for line in lines)}</div>'


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{_said(line)}</li>' for line in lines)}</ul>"


def _summary(breaches: Sequence[Breach], contract: Contract) -> str:
    if not breaches:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{_name(_promise(b), contract)}</th><td>{_wrong(_promise(b), contract)}'
        f"{_values(_promise(b), contract)}</td>"
        f'<td class="number">{b.count:,}</td></tr>'
        for b in breaches
    )
    return (
        "<h2>In short</h2><table><caption>What is wrong, by column</caption><thead><tr>"
        '<th scope="col" class="name">Column</th><th scope="col">What is wrong, and what to do</th>'
        f'<th scope="col" class="number">Rows</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _rows(said: Validation, lines: Sequence[Line], listing: str | None) -> str:
    if not lines:
        return ""
    several = len({line.file for line in lines}) > 1
    rows = "".join(
        f'<tr><th scope="row">{_said(f"{line.file} " if several else "")}{line.row:,}</th>'
        f"<td>{_name(line.promise, said.contract)}</td>"
        f"<td>{_wrong(line.promise, said.contract, line.value)}</td></tr>"
        for line in lines
    )
    return (
        f"<h2>Row by row</h2>{_cut(said, len(lines), listing)}<table><caption>What is wrong in each row</caption>"
        f'<thead><tr><th scope="col" class="{"name" if several else "number"}">Row</th>'
        '<th scope="col" class="name">Column</th>'
        f'<th scope="col">What is wrong, and what to do</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _cut(said: Validation, shown: int, listing: str | None) -> str:
    total = said.total - len(said.whole)
    if shown == total:
        return ""
    where = f"all are in {listing}" if listing else "ask whoever sent you this page for the list of all"
    return f"<p>{_said(f'These are the first {shown:,} of {total:,} errors; {where}.')}</p>"


def _wrong(promise: Promise, contract: Contract, value: str | None = None) -> str:
    shown = "" if value is None else f": <code>{_said(short(value))}</code>"
    said = problem(promise, contract)
    return f'{_said(said[:1].upper() + said[1:])}{shown} <span class="do">{_said(_sentence(to_do(promise)))}</span>'


def _values(promise: Promise, contract: Contract) -> str:
    values = allowed(promise, contract)
    return f' <span class="do">Allowed: {_said(values)}.</span>' if values else ""


def _document(title: str, contract: Contract, body: str, *, made_up: bool) -> str:
    css = (Path(__file__).parent / "error_page.css").read_text("utf-8")
    label = '<div class="made-up">MADE-UP DATA</div>' if made_up else ""
    about = f"What was promised: {contract.title}, version {contract.version} of {contract.name}."
    ask = f"Questions: {contract.steward}."
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_said(title)}</title><style>{css}</style></head><body>{label}<main><h1>{_said(title)}</h1>"
        f"<p>{_said(about)}</p><p>{_said(ask)}</p>{body}{_privacy(contract)}</main></body></html>\n"
    )


def _privacy(contract: Contract) -> str:
    open_to_all = any(column.classification == "public" for column in contract.columns)
    but = ", except from columns that anyone may see" if open_to_all else ""
    return f"<h2>About this page</h2><p>{_said(f'It shows no value from the file{but}.')}</p>"
