"""curv-eval link: records of the same person put together without saying who."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.audit import What
from curv_eval.cli.say import say
from curv_eval.errors import RunError

if TYPE_CHECKING:
    from curv_eval.linkage.encode import Preview
    from curv_eval.linkage.keys import Key

link_app = typer.Typer(no_args_is_help=True, help="Link records of the same person without saying who.")

KeyFile = Annotated[
    str | None,
    typer.Option("--key", envvar="CURV_EVAL_LINK_KEY_FILE", help="the path of the key file, never the key itself"),
]
_KEY_WORDS = """\
Keep it where only you can read it: not in a project, a shared or synchronised folder, or an e-mail.
Give it to the other key holder by a way you trust. Never give it to the linker or the analyst.
Destroy every copy when the project ends."""
_CLOSING = """\
It holds no name, date, postcode or id. It is still personal data: whoever could hold the key can read it,
and somebody without the key who compares it with public lists can work out many of the names.
Send it to the linker only, and never with the key. Destroy the key when the project ends."""


@link_app.callback()
def link() -> None:
    """Link records of the same person without saying who."""


@link_app.command("key")
def link_key(
    out: Annotated[Path, typer.Argument(help="the key file to write, outside any project")],
    project: Annotated[str, typer.Option(help="the project the key is for; one key, one project")],
) -> None:
    """Make the key of a linkage, once, for those who hold the data."""
    from curv_eval import audit
    from curv_eval.linkage.keys import make_key

    with audit.recorded(Path.cwd() / "outputs", What.KEYED, of=project) as noted:
        made = make_key(out, project=project)
        noted.files.append(out)
        # never a hash of the file: the fingerprint is what may be known of a key
        noted.detail |= {"key": made.fingerprint}
    say(f"{out} written: the key of {made.project}, fingerprint {made.fingerprint}\n{_KEY_WORDS}")


@link_app.command("encode")
def link_encode(  # noqa: PLR0913 - the options of a command
    people: Annotated[Path, typer.Argument(help="the list of people, as CSV or Parquet; it stays here")],
    out: Annotated[Path, typer.Argument(help="the encoded file to write, in a folder of its own")],
    source: Annotated[str, typer.Option(help="a short label of your organisation, such as vcse")],
    purpose: Annotated[str, typer.Option(help="what the linkage is for, as in the agreement")],
    key: KeyFile = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=COLUMN, such as given_name='First Name'; FIELD= for a field you do not hold"),
    ] = None,
    date_format: Annotated[str, typer.Option(help="how your dates are written: day-first or iso")] = "day-first",
    made_up: Annotated[bool, typer.Option("--made-up", help="these are no real people")] = False,
    preview_only: Annotated[
        bool, typer.Option("--preview-only", help="say what would leave, and write nothing")
    ] = False,
) -> None:
    """Encode a list of people, on the machine where it is, into a file that names none of them."""
    from curv_eval.linkage.encode import encode
    from curv_eval.linkage.scheme import UK

    columns, held = _columns(map or []), key_from(key)
    with recording(What.ENCODED, source, [people], None if preview_only else out) as noted:
        preview = encode(
            people, out, key=held, scheme=UK, source=source, purpose=purpose,
            record_id=columns.pop("record_id", "record_id"), columns=columns, date_format=date_format,
            made_up=made_up, write=not preview_only, progress=_progress,
        )  # fmt: skip
        noted |= {"rows": preview.rows, "key": held.fingerprint}
    say("\n".join(_said(preview, "" if preview_only else str(out))))


@contextmanager
def recording(what: What, of: str, read: Sequence[Path], out: Path | None) -> Iterator[dict[str, str | int]]:
    """Record in the audit log of this folder what was made from which files; yield what more there is to say.

    read: files whose names and hashes are noted. out: the file that is made, None where nothing is and nothing is
    recorded. Raises RunError before the block where it cannot be recorded; where that shows only after it, `out` is
    taken away again.
    """
    from curv_eval import audit
    from curv_eval.inputs import sha256
    from curv_eval.linkage.account import account_beside

    noted: dict[str, str | int] = {}
    if out is None:
        yield noted
        return
    with audit.recorded(Path.cwd() / "outputs", what, of=of) as made:
        yield noted
        made.files += [out, account_beside(out)]
        made.detail |= {f"read {i}: {path.name}": sha256(path) for i, path in enumerate(read, start=1)}
        made.detail |= {**noted, f"made: {out.name}": sha256(out)}


def key_from(given: str | None) -> Key:
    """Return the key in the file `given`. Raises RunError where none is given or it cannot be used."""
    from curv_eval.linkage.keys import read_key

    if not given:
        do = "give --key FILE, or put the path of the file into CURV_EVAL_LINK_KEY_FILE"
        raise RunError("there is no key to encode with", do=do)
    return read_key(Path(given))


def _columns(given: list[str]) -> dict[str, str]:
    parted = [(field.strip(), sign, column.strip()) for field, sign, column in (one.partition("=") for one in given)]
    names = [field for field, _, _ in parted]
    if not all(sign for _, sign, _ in parted) or len(set(names)) < len(names):
        what = "expected FIELD=COLUMN, and each field once"
        raise RunError("--map cannot be read", [what], "write it as --map given_name='First Name'")
    return {field: column for field, _, column in parted}


def _said(preview: Preview, out: str) -> list[str]:
    stored = " (read in the encoding of Windows)" if preview.encoding == "cp1252" else ""
    lines = [f"{preview.rows:,} people{stored}", f"{'field':<16}{'blank':>10}{'unreadable':>12}"]
    lines += [f"{name:<16}{n:>10,}{preview.unreadable[name]:>12,}" for name, n in preview.blank.items()]
    lines.append(f"does not leave: {', '.join(preview.not_leaving) or 'every column was used'}")
    lines.append("the first row that leaves:")
    lines += [f"  {name:<20}{_short(value)}" for name, value in preview.example.items()]
    if not out:
        return [*lines, f"nothing was written; the file would have {preview.bytes:,} bytes"]
    return [*lines, f"{out} written, {preview.bytes:,} bytes", *_CLOSING.split("\n")]


def _short(value: str | None) -> str:
    if value is None:
        return "(blank)"
    return value if len(value) <= 32 else f"{value[:32]}... ({len(value) * 4} bits)"


def _progress(done: int, rows: int) -> None:
    if rows > done or rows > 50_000:
        sys.stderr.write(f"encoded {done:,} of {rows:,}\n")
        sys.stderr.flush()
