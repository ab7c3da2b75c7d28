"""curv-eval link content | match | clear: the key holder's content, and the linker's pairs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from curv_eval.audit import What
from curv_eval.cli.link import KeyFile, key_from, link_app, recording
from curv_eval.cli.say import say
from curv_eval.errors import RunError

_CLOSING = """\
Send the pairs to the analyst only. They hold no name, and with both datasets they still say who is in both:
keep them as you would keep the datasets."""


@link_app.command("content")
def link_content(  # noqa: PLR0913 - the options of a command
    contract: Annotated[str, typer.Argument(help="the name of the contract the content is under")],
    file: Annotated[Path, typer.Argument(help="your own table, as CSV or Parquet; it stays here")],
    out: Annotated[Path, typer.Argument(help="the CSV file to write, in a folder of its own")],
    source: Annotated[str, typer.Option(help="the same label as in `link encode`")],
    record_id: Annotated[str, typer.Option(help="the column with your own ids")],
    key: KeyFile = None,
) -> None:
    """Put the keyed record_id in place of your own ids, and leave out every column that the contract does not name."""
    from curv_eval.contract import load_contract
    from curv_eval.linkage.content import pseudonymise

    held, secret = load_contract(contract, _own_folder(contract)), key_from(key)
    with recording(What.ENCODED, held.name, [file], out) as noted:
        done = pseudonymise(file, out, key=secret, contract=held, own_id=(source, record_id))
        noted |= {"rows": done.rows, "key": secret.fingerprint, "contract": held.version}
    say(f"{out} written: {done.rows:,} rows, columns {', '.join(done.columns)}")
    say(f"does not leave: {', '.join(done.not_leaving) or 'every column was used'}")
    say(f"next: curv-eval data validate {contract} {out}, and then send it to the analyst, never to the linker")


@link_app.command("match")
def link_match(  # noqa: PLR0913 - the options of a command
    left: Annotated[Path, typer.Argument(help="the encoded file of one partner")],
    right: Annotated[Path, typer.Argument(help="the encoded file of the other partner, made with the same key")],
    out: Annotated[Path, typer.Argument(help="the file of pairs to write, as CSV")],
    threshold: Annotated[float, typer.Option(help="the least probability of a pair")] = 0.5,
    seed: Annotated[int, typer.Option(help="for the pairs that are drawn at random to learn from")] = 1,
    exact: Annotated[bool, typer.Option("--exact", help="pair equal pseudonyms only")] = False,
    backend: Annotated[str, typer.Option(help="duckdb, or spark where one machine is not enough")] = "duckdb",
    charts: Annotated[Path | None, typer.Option(help="a new folder: what each agreement weighs, as charts")] = None,
) -> None:
    """Compare two encoded files and write the pairs of pseudonyms that are thought to be one person."""
    import duckdb

    from curv_eval.linkage.handover import link_files, refuse_places, write_links
    from curv_eval.linkage.match import Matching

    refuse_places(out)
    if charts:
        _refuse_charts(charts, exact)
    matching = None if exact else Matching(seed=seed, threshold=threshold, backend=backend)
    with recording(What.LINKED, f"{left.stem} with {right.stem}", [left, right], out) as noted, duckdb.connect() as con:
        links, *files = link_files(con, left, right, matching=matching)
        said = write_links(out, links, tuple(files))
        noted |= _noted(said)
    if charts:
        _draw(links.model, charts)
        say(f"{charts} written: match_weights, waterfall")
    say(f"{out} written: {_account(said)}\n{_CLOSING}")


@link_app.command("clear")
def link_clear(  # noqa: PLR0913 - the options of a command
    left: Annotated[Path, typer.Argument(help="the list of one partner, in clear, as CSV or Parquet")],
    right: Annotated[Path, typer.Argument(help="the list of the other partner")],
    out: Annotated[Path, typer.Argument(help="the file of pairs to write, as CSV; it names nobody")],
    left_contract: Annotated[
        str, typer.Option(help="the contract of the first list; also its label in `link content`")
    ],
    right_contract: Annotated[str, typer.Option(help="the contract of the second list")],
    key: KeyFile = None,
    threshold: Annotated[float, typer.Option(help="the least probability of a pair")] = 0.5,
    seed: Annotated[int, typer.Option(help="for the pairs that are drawn at random to learn from")] = 1,
    backend: Annotated[str, typer.Option(help="duckdb, or spark where one machine is not enough")] = "duckdb",
) -> None:
    """Compare two lists in clear, where both contracts allow it, and write the pairs by keyed ids."""
    import duckdb

    from curv_eval.contract import load_contract
    from curv_eval.linkage.clear import Clear
    from curv_eval.linkage.clear import link_clear as link
    from curv_eval.linkage.handover import refuse_places, write_links
    from curv_eval.linkage.match import Matching

    refuse_places(out)
    dates = ("day-first", "day-first")
    matching = Matching(seed=seed, threshold=threshold, backend=backend, dates=dates)
    named = ((left, left_contract), (right, right_contract))
    lists = tuple(Clear(path, load_contract(name, _own_folder(name))) for path, name in named)
    both, secret = f"{left_contract} with {right_contract}", key_from(key)
    with recording(What.LINKED, both, [left, right], out) as noted, duckdb.connect() as con:
        links, *told = link(con, lists, key=secret, matching=matching)
        said = write_links(out, links, tuple(told))
        noted |= _noted(said)
    say(f"{out} written: {_account(said)}\n{_CLOSING}")


def _noted(said: dict[str, Any]) -> dict[str, str | int]:
    """Return what the audit log says of a linkage: counts, and which key."""
    sides = {f"records of {said[side]['source']}": said[side]["records"] for side in ("left", "right")}
    return {**sides, "pairs": said["links"], "key": said["key_fingerprint"], "by": said["mode"]}


def _own_folder(contract: str) -> Path | None:
    here = Path("data_contracts")
    return here if (here / f"{contract}.yaml").is_file() else None


def _refuse_charts(folder: Path, exact: bool) -> None:
    from curv_eval.linkage.written import refuse_out

    if exact:
        what = "equal pseudonyms weigh nothing, so there is nothing to draw"
        raise RunError(what, do="leave out --charts or --exact")
    if folder.exists():
        raise RunError(f"{folder.name} already exists", do="give a folder that is new")
    refuse_out(folder)


def _draw(model: Mapping[str, Any], folder: Path) -> None:
    """Write the charts of a model; the folder appears complete or not at all."""
    from curv_eval.linkage.model_weights import telling_pattern, waterfall, weight_table
    from curv_eval.report import match_weights as drawing
    from curv_eval.report.figure_files import write_figure

    weights, steps = weight_table(model), waterfall(model, telling_pattern(model))
    with tempfile.TemporaryDirectory(prefix=".partial-charts-", dir=folder.resolve().parent) as part:
        inner = Path(part) / "charts"
        figure, alt = drawing.draw_weights(weights), drawing.weights_alt_text(weights)
        write_figure("match_weights", figure, weights, alt=alt, folder=inner)
        figure, alt = drawing.draw_waterfall(steps), drawing.waterfall_alt_text(steps)
        write_figure("waterfall", figure, steps, alt=alt, folder=inner)
        inner.rename(folder)


def _account(said: dict[str, Any]) -> str:
    sides = " and ".join(f"{said[side]['records']:,} of {said[side]['source']}" for side in ("left", "right"))
    lines = [f"{said['links']:,} pairs between {sides} (key {said['key_fingerprint']}, scheme {said['scheme']})"]
    if said["expected_wrong"] is not None:
        wrong, missed = said["expected_wrong"], said["expected_missed_among_compared"]
        lines.append(f"expected wrong: {wrong:.1%} of the pairs; expected missed: at least {missed:.1%} of true pairs")
    if said["conflicts_dropped"]:
        lines.append(f"{said['conflicts_dropped']:,} pairs were dropped because a record cannot be two people")
    return "\n  ".join(lines)
