"""Stand-in for ``pulumi-language-python``: runs the project's program with the project's own virtual environment.

It serves what the engine asks of a language host during ``preview``, ``up``, ``refresh``, ``destroy`` and ``about``.
Not there: project and code generation, ``pulumi install``, policy packs, debuggers, and the toolchain ``poetry``.
"""
# ruff: noqa: D102 - the engine's protocol documents its methods

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from rehearsal.plugins.serving import serve

_PROGRAM = Path(__file__).with_name("program.py")
# What program.py exits with when it has already told the user what is wrong (the official host's number).
EXIT_EXPLAINED = 32

# Run by the project's Python: every installed package that says (in pulumi-plugin.json) which plugin it needs.
_LIST_PLUGINS = """
import importlib.metadata, json
plugins = [
    json.loads(file.locate().read_text()) | {"package": distribution.name, "packageVersion": distribution.version}
    for distribution in importlib.metadata.distributions()
    for file in distribution.files or ()
    if file.name == "pulumi-plugin.json"
]
print(json.dumps(plugins))
"""
_LIST_PACKAGES = """
import importlib.metadata, json
print(json.dumps({distribution.name: distribution.version for distribution in importlib.metadata.distributions()}))
"""


class LanguageError(Exception):
    """The project's Python cannot be used; the message says why and what to do."""


def project_python(root: Path, options: dict[str, Any]) -> Path:
    """Give the interpreter that Pulumi.yaml's ``runtime.options`` name, for the project at `root`.

    Without ``virtualenv``: with ``pip`` the ``python3`` on PATH, with ``uv`` ``.venv``; as the official host.

    Raises:
        LanguageError: the environment is missing, or an option is one this stand-in does not know.

    """
    toolchain = options.get("toolchain", "pip")
    if toolchain not in {"pip", "uv"} or options.get("typechecker", "none") != "none":
        raise LanguageError(
            f"Pulumi.yaml asks for the runtime options {options}, which the stand-in for the Python language host does "
            f"not have; it knows toolchain 'pip' and 'uv', virtualenv, and no typechecker, e.g. {{toolchain: pip, "
            f"virtualenv: .venv}}"
        )
    folder = options.get("virtualenv") or (".venv" if toolchain == "uv" else "")
    if not folder:
        return Path("python3")
    python = root / folder / "bin" / "python"
    if not python.is_file():
        raise LanguageError(
            f"The 'virtualenv' option in Pulumi.yaml is set to {folder!r}, but {str(root / folder)!r} is not a virtual "
            f"environment; make it with:\n    python3 -m venv {root / folder}\n"
            f"    {python} -m pip install -r requirements.txt"
        )
    return python


def activated(python: Path) -> dict[str, str]:
    """Give this process's environment as it is after activating `python`'s virtual environment."""
    environment = dict(os.environ)
    environment.pop("PYTHONHOME", None)
    if python.is_absolute():
        environment["VIRTUAL_ENV"] = str(python.parent.parent)
        environment["PATH"] = f"{python.parent}{os.pathsep}{environment.get('PATH', '')}"
    return environment


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The language host's side of the engine's protocol; `engine` is the engine's own address."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        python = self._python(request.info, context)
        version = self._output(python, "import platform; print(platform.python_version())", context).strip()
        return language_pb2.AboutResponse(executable=str(python), version=version)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        plugins = json.loads(self._output(self._python(request.info, context), _LIST_PLUGINS, context))
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    name=plugin.get("name") or plugin["package"].removeprefix("pulumi-").removeprefix("pulumi_"),
                    kind="resource",
                    version="v" + (plugin.get("version") or plugin["packageVersion"]),
                    server=plugin.get("server", ""),
                )
                for plugin in plugins
                if plugin.get("resource")
            ]
        )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        packages = json.loads(self._output(self._python(request.info, context), _LIST_PACKAGES, context))
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=packages[name]) for name in sorted(packages)]
        )

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        python = self._python(request.info, context)
        arguments = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root": request.info.root_directory,
            "parallel": str(request.parallel),
            "dry-run": str(request.dryRun).lower(),
            "program": str(Path(request.info.program_directory) / request.info.entry_point),
        }
        environment = activated(python) | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [str(python), "-u", str(_PROGRAM), *(f"--{name}={value}" for name, value in arguments.items())]
        with subprocess.Popen([*command, *request.args], cwd=request.pwd, env=environment) as program:
            self._running.add(program)
            if self._stopped.is_set():
                program.terminate()
            code = program.wait()
            self._running.discard(program)
        if code == EXIT_EXPLAINED:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.stop()
        return empty_pb2.Empty()

    def stop(self) -> None:
        """End the program, if one runs."""
        self._stopped.set()
        for program in list(self._running):
            program.terminate()

    def _python(self, info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> Path:
        try:
            return project_python(Path(info.root_directory), _options(info.options))
        except LanguageError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise

    def _output(self, python: Path, code: str, context: grpc.ServicerContext) -> str:
        run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, env=activated(python))
        if run.returncode:
            context.abort(grpc.StatusCode.INTERNAL, f"{python} failed:\n{run.stderr}")
        return run.stdout


def _options(struct: struct_pb2.Struct) -> dict[str, Any]:
    return dict(struct.items())


def main() -> None:
    """Serve the engine whose address is the last argument."""
    host = LanguageHost(sys.argv[-1])
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), on_stop=host.stop)
