"""curv-eval link: records of the same person put together without saying who."""

from __future__ import annotations

import typer

link_app = typer.Typer(no_args_is_help=True, help="Link records of the same person without saying who.")


@link_app.callback()
def link() -> None:
    """Link records of the same person without saying who."""
