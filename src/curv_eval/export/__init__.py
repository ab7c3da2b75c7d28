"""A finished run for somebody who will check it: as an RO-Crate, or as a package that makes it again."""

from __future__ import annotations

from curv_eval.export.crate import export_crate
from curv_eval.export.finished import Asked, Finished, finished
from curv_eval.export.package import export_package

__all__ = ["Asked", "Finished", "export_crate", "export_package", "finished"]
