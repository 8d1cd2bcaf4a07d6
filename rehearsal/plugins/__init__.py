"""Stand-ins for the Pulumi plugins that a machine cannot download: the Python language host and two providers.

Each speaks the engine's own gRPC protocol (``pulumi.runtime.proto``) and behaves as the official plugin does, so that
the program cannot tell which one it runs with. `rehearsal.toolchain` puts them where the engine looks.
"""
