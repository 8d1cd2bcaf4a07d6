"""Runs a Pulumi program. Started by `language.py` with the project's own Python: it may import nothing but pulumi."""

import argparse
import asyncio
import logging
import runpy
import sys
import traceback

del sys.path[0]  # this file's own folder: its neighbours must not shadow the program's modules

try:
    import pulumi
    import pulumi.runtime
except ImportError:
    traceback.print_exc()
    sys.exit(
        f"The Pulumi SDK is not installed in {sys.prefix}. Install what the project needs: "
        f"{sys.executable} -m pip install -r requirements.txt"
    )

EXIT_EXPLAINED = 32  # as in language.py, which this file cannot import


def main() -> int:
    """Connect to the engine, run the program as ``__main__``, and wait until every resource has been registered."""
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "project", "stack", "organization", "root", "parallel", "dry-run", "program"):
        parser.add_argument(f"--{name}", required=True)
    arguments, rest = parser.parse_known_args()
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(),
        pulumi.runtime.get_config_secret_keys_env(),
    )
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=arguments.project,
            stack=arguments.stack,
            monitor=arguments.monitor,
            engine=arguments.engine,
            parallel=int(arguments.parallel),
            dry_run=arguments.dry_run == "true",
            organization=arguments.organization,
            root_directory=arguments.root,
        )
    )
    # One failed resource leaves others for ever unresolved; asyncio's complaints about those say nothing new.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.argv = [arguments.program, *rest]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run() -> None:
        runpy.run_path(arguments.program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return EXIT_EXPLAINED
    except Exception:  # noqa: BLE001 - whatever the program raises is shown to its author
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return EXIT_EXPLAINED
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
