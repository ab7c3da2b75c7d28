"""What a command says: text from files and data is shown, and never steers the terminal."""

from __future__ import annotations

import typer

from curv_eval.visible import visible


def say(text: object, *, err: bool = False) -> None:
    """Write one text to standard output, or to standard error."""
    typer.echo(visible(text), err=err)
