"""From a run's released bundle to a brief that can be read: HTML, PDF and Word.

A brief is a Quarto project without code. `assemble` puts the template and the bundle side by side, `lint` refuses
what lies outside the subset of Quarto markdown in which both renderers say the same, `render` makes the documents
with Quarto where it is installed and with pandoc, one Lua filter and typst where it is not.
"""

from curv_eval.publish.assemble import assemble
from curv_eval.publish.brief import publish_brief
from curv_eval.publish.lint import lint
from curv_eval.publish.render import render
from curv_eval.publish.source import Finding

__all__ = ["Finding", "assemble", "lint", "publish_brief", "render"]
