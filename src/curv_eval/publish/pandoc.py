"""Running the pandoc that pypandoc-binary brings, always with the same clock and never over a warning."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from curv_eval.errors import PublishError

EPOCH = 946_684_800  # 2000-01-01: a document's own clock must not differ between two renders of one brief


def run_pandoc(text: str, *arguments: str, folder: Path) -> bytes:
    """Return what pandoc writes to standard output for markdown `text`, run inside `folder`.

    Raises PublishError with pandoc's own words when it fails (or, with `--fail-if-warnings`, warns).
    """
    import pypandoc

    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--from=markdown", *arguments],
        input=text.encode(),
        capture_output=True,
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PublishError("pandoc could not read or write this brief", said, "mend the brief where it points")
    return done.stdout
