"""One notebook in a kernel of its own: forked from a process that has imported everything once, or started cold."""

from __future__ import annotations

from curv_eval.kernels.execution import execute, stop_kernels
from curv_eval.kernels.limits import Limits, Setting
from curv_eval.kernels.spec import install_kernelspec

__all__ = ["Limits", "Setting", "execute", "install_kernelspec", "stop_kernels"]
