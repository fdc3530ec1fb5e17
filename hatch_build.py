"""The wheel with the core compiled by mypyc; off unless HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 (docs/decisions/0005).

The compiled modules stand beside their sources in the wheel, and Python takes them first. Nothing is written into
the source tree: the core is copied to a folder of its own and compiled there.
"""

import shutil
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Nothing to gain: a docstring, and exceptions.
PLAIN = {"__init__.py", "errors.py"}
# Named, so that the shared library lies inside the package, and not beside it under the digest of its modules.
LIBRARY = "couveuse.core.compiled"


class CompiledCore(BuildHookInterface):
    """Puts the compiled modules of the core into the wheel, which is then one of this platform and this Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            message = "an editable install runs the sources: unset HATCH_BUILD_HOOK_ENABLE_CUSTOM"
            raise ValueError(message)
        self.folder = TemporaryDirectory()
        work = Path(self.folder.name).resolve()
        shutil.copytree(Path(self.root, "src"), work, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        compile_core(work)
        found = sorted(work.glob("built/couveuse/core/*"))
        build_data["force_include"].update({str(path): str(path.relative_to(work / "built")) for path in found})
        build_data["infer_tag"] = True
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.folder.cleanup()


def compile_core(work: Path) -> None:
    """Compiles the core that lies in `work`, into `work/built`."""
    from mypyc.build import mypycify
    from setuptools import setup

    modules = [path for path in sorted(work.glob("couveuse/core/*.py")) if path.name not in PLAIN]
    options = ["--strict", "--config-file=", f"--cache-dir={work / 'cache'}"]
    with chdir(work):
        extensions = mypycify(
            [*options, *(str(path.relative_to(work)) for path in modules)],
            group_name=LIBRARY,
            target_dir=str(work / "c"),
            debug_level="0",
        )
        for extension in extensions:
            # A warning of a compiler that mypyc does not know yet is no reason to fail.
            extension.extra_compile_args = [flag for flag in extension.extra_compile_args if flag != "-Werror"]
        folders = ["--build-lib", str(work / "built"), "--build-temp", str(work / "objects")]
        setup(name="couveuse", packages=[], ext_modules=extensions, script_args=["--quiet", "build_ext", *folders])
