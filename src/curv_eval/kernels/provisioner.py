"""The forked kernel as jupyter_client knows kernels: entry point `curv-fork` of jupyter_client.kernel_provisioners."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Type

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

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel, and give it a moment to be gone: the manager looks only ten times a second."""
        await super().kill(restart)
        for _ in range(50):
            if await self.poll() is not None:
                return
            await asyncio.sleep(0.002)


class PromptClient(AsyncKernelClient):
    """A client that takes a kernel for ready when it answers, without listening for 0.2 s whether it says more.

    What a kernel said before is no harm: outputs are told apart by the request that they belong to.
    """

    def _context_default(self) -> Any:
        """Return the one context of this process. One of its own would be ended with the client, and that waits for
        ever where Ctrl-C came between the making of a socket and its end."""
        return type(self).context.klass.instance()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return once the kernel answered and can be heard. Raises RuntimeError when it ended, or after `timeout` s."""
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while not await self._answered():
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    async def _answered(self) -> bool:
        self.kernel_info()
        with suppress(Empty):
            said = await self.shell_channel.get_msg(timeout=1)
            if said["msg_type"] == "kernel_info_reply":
                await self.iopub_channel.get_msg(timeout=0.2)
                self._handle_kernel_info_reply(said)
                return True
        return False


class ForkingManager(AsyncKernelManager):
    """An AsyncKernelManager whose kernels are forked, whatever its kernel specification says."""

    client_factory = Type(PromptClient)

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
