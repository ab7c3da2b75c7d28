"""The built-in renderer: pandoc, one Lua filter and typst; the same bytes on every machine and every run.

PDF is PDF/UA-1 and PDF/A-2a; fonts are the DejaVu Sans files that come with matplotlib, never the machine's own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from curv_eval.errors import PublishError
from curv_eval.publish.pandoc import EPOCH, run_pandoc
from curv_eval.publish.source import Source, unescaped

_HERE = Path(__file__).parent
_LANGUAGE = "en-GB"


def write_html(source: Source, folder: Path) -> bytes:
    """Return the brief in `folder` as one self-contained HTML page: no script, no file beside it, no request."""
    sheets = [f"--css={sheet}" for sheet in (_HERE / "page.css", folder / "styles.css")]
    page = _convert(source, folder, "html5", "--section-divs", "--toc", "--toc-depth=2", "--embed-resources", *sheets)
    return re.sub(r"<thead>.*?</thead>|<tbody>.*?</tbody>", _scoped, page.decode(), flags=re.S).encode()


def write_docx(source: Source, folder: Path) -> bytes:
    """Return the brief in `folder` as a Word document in the styles of its `reference.docx`."""
    return _convert(source, folder, "docx", "--reference-doc=reference.docx", "--output=-")


def write_pdf(source: Source, folder: Path) -> bytes:
    """Return the brief in `folder` as a tagged PDF (PDF/UA-1, PDF/A-2a) with its outline and embedded fonts."""
    import typst

    written = folder / ".study.typ"
    headers = [f"--include-in-header={name}" for name in ("_status.typ", "_page.typ")]
    written.write_bytes(_convert(source, folder, "typst-smart", *headers, *_typst_variables(source)))
    try:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])
        return typst.compile(
            str(written), root=str(folder), font_paths=fonts, pdf_standards=["ua-1", "a-2a"], timestamp=EPOCH
        )
    except RuntimeError as fault:
        raise PublishError("typst refused the PDF", str(fault).splitlines(), "mend the brief where it points") from None
    finally:
        written.unlink()


def font_folder() -> Path:
    """Return the folder of the fonts that come with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def _convert(source: Source, folder: Path, output: str, *arguments: str) -> bytes:
    kind = {"html5": "page.html", "typst-smart": "brief.typ"}.get(output)
    template = [f"--template={_HERE / kind}"] if kind else []
    front = json.dumps({"lang": _LANGUAGE, **source.front}, ensure_ascii=False)
    options = [f"--to={output}", "--standalone", "--fail-if-warnings", f"--lua-filter={_HERE / 'brief.lua'}"]
    return run_pandoc(f"---\n{front}\n---\n\n{source.body}", *options, *template, *arguments, folder=folder)


def _typst_variables(source: Source) -> list[str]:
    named = source.front.get("author", [])
    values = {
        "author-strings": "".join(f"{_string(name)}," for name in ([named] if isinstance(named, str) else named)),
        "description-string": _string(source.front.get("description", "")),
    }
    return [f"--variable={key}={value}" for key, value in values.items()]


def _string(markdown: str) -> str:
    return json.dumps(unescaped(markdown), ensure_ascii=False)


def _scoped(part: re.Match) -> str:
    scope = "col" if part[0].startswith("<thead>") else "row"
    return re.sub(r"<th(?=[\s>])", f'<th scope="{scope}"', part[0])
