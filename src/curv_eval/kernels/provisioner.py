"""The forked kernel as jupyter_client knows kernels: entry point `curv-fork` of jupyter_client.kernel_provisioners."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from curv_eval.kernels import warm

NAME = "curv-fork"
_LAUNCHER = "ipykernel_launcher"


class ForkProvisioner(LocalProvisioner):
    """Starts kernels as forks; everything else is as for a kernel on this machine."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel with the arguments of `cmd`, or start it cold where no fork is possible."""
        if not warm.POSSIBLE or _LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        argv = [*cmd[cmd.index(_LAUNCHER) + 1 :], "--quiet"]
        env = {str(name): str(value) for name, value in (kwargs.get("env") or os.environ).items()}
        cwd = str(kwargs.get("cwd") or Path.cwd())
        self.process = warm.fork_kernel(argv, env, cwd)
        # its session, and so its group of processes, is its own
        self.pid = self.pgid = self.process.pid
        self.cwd = cwd
        return self.connection_info


class ForkingManager(AsyncKernelManager):
    """An AsyncKernelManager whose kernels are forked, whatever its kernel specification says."""

    @property
    def kernel_spec(self):
        """The specification of the kernel, with our provisioner."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata = {**spec.metadata, "kernel_provisioner": {"provisioner_name": NAME}}
        return spec


def make_known() -> None:
    """Register the provisioner where the package was installed before it had this entry point."""
    known = KernelProvisionerFactory.instance().provisioners
    value = f"{ForkProvisioner.__module__}:{ForkProvisioner.__name__}"
    known.setdefault(NAME, EntryPoint(NAME, value, "jupyter_client.kernel_provisioners"))
