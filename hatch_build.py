"""Compiles the kernel while the package is built, where there is a compiler; elsewhere the package is pure Python."""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDER = "src/unflat/network/kernel"


class KernelBuildHook(BuildHookInterface):
    """Adds the compiled kernel to wheels, and puts it beside the source of editable installations."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; without success the wheel is for every platform, with it for this one and every Python."""
        if self.target_name != "wheel":
            return
        compiling = runpy.run_path(str(Path(self.root) / _FOLDER / "compiling.py"))
        trouble = compiling["build"]()
        if trouble is not None:
            self.app.display_warning(f"The kernel is not compiled; torch computes in its place: {trouble}")
            return
        build_data["artifacts"].append(f"{_FOLDER}/lstm.shared")
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
