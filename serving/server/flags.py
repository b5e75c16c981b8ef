"""The command line, in TensorFlow Serving's own names, so that one script can start either server."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn

DEFAULT_PORT = 8500
ANY_FREE_PORT = -1
# The release of TensorFlow Serving that this server stands in for.
STANDS_IN_FOR = "2.15.1"

ChannelArguments = tuple[tuple[str, int | str], ...]

# Flags of TensorFlow Serving that this server refuses, each with the reason.
_REFUSED = {
    "enable_per_model_batching_parameters": "batching is set for all models by --batching_parameters_file",
    "enable_profiler": "it has no profiler service",
    "enable_signature_method_name_check": "method names are ignored",
    "flush_filesystem_caches": "files are read once, by the loader",
    "mixed_precision": "a graph runs in the precision it was exported in",
    "num_load_threads": "every model loads in a thread of its own",
    "num_tflite_interpreters_per_pool": "TensorFlow Lite models are not served",
    "num_tflite_pools": "TensorFlow Lite models are not served",
    "num_unload_threads": "every version unloads in a thread of its own",
    "per_process_gpu_memory_fraction": "GPU memory is taken as it is needed",
    "platform_config_file": "the only platform is tensorflow",
    "prefer_tflite_model": "TensorFlow Lite models are not served",
    "remove_unused_fields_from_bundle_metagraph": "the loader keeps what it needs",
    "saved_model_tags": "the graph tagged serve is served",
    "skip_initialize_tpu": "TPUs are not used",
    "tensorflow_inter_op_parallelism": "requests run side by side, one thread each",
    "tensorflow_intra_op_parallelism": "requests run side by side, one thread each",
    "tensorflow_session_config_file": "requests run side by side, one thread each",
    "tensorflow_session_parallelism": "requests run side by side, one thread each",
    "thread_pool_factory_config_file": "requests run side by side, one thread each",
    "use_alts_credentials": "use --ssl_config_file",
    "xla_cpu_compilation_enabled": "graphs are not compiled",
    "xla_gpu_compilation_enabled": "graphs are not compiled",
}


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
    return text == "true"


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, found {number}")
    return number


def _rest_port(text: str) -> int:
    return ANY_FREE_PORT if text == str(ANY_FREE_PORT) else _port(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {number}")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(
            f"expected seconds from 0 to {threading.TIMEOUT_MAX:.0f}, found {text}"
        )
    return number


def _channel_arguments(text: str) -> ChannelArguments:
    """Read `name=value,...`; a value that reads as a number is one, as in TensorFlow Serving."""
    arguments: list[tuple[str, int | str]] = []
    for entry in filter(None, text.split(",")):
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise argparse.ArgumentTypeError(f"expected name=value, found {entry!r}")
        try:
            arguments.append((name, int(value)))
        except ValueError:
            arguments.append((name, value))
    return tuple(arguments)


def _flag(default: Any, metavar: str, help: str, *, type: Callable[[str], Any] = str) -> Any:
    return field(default=default, metadata={"metavar": metavar, "help": help, "type": type})


def _switch(help: str, *, default: bool = False) -> Any:
    return _flag(default, "true|false", help, type=_boolean)


@dataclass(frozen=True, kw_only=True)
class Flags:
    """The flags of one server: TensorFlow Serving's names and defaults, and its own at the end.

    A port of 0 takes a free one, and polling pauses may be fractions of a second, which TensorFlow Serving
    refuses.
    """

    model_base_path: str = _flag("", "FOLDER", "folder that holds the numbered versions")
    model_name: str = _flag("default", "NAME", "the model's name in requests")
    model_config_file: str = _flag(
        "", "FILE", "ModelServerConfig: models, version policies, labels; in place of the two above"
    )
    model_config_file_poll_wait_seconds: float = _flag(
        0.0, "SECONDS", "pause between two polls of that file; 0 reads it once", type=_seconds
    )
    file_system_poll_wait_seconds: float = _flag(
        1.0, "SECONDS", "pause between two polls of a model's folder; 0 polls once", type=_seconds
    )
    port: int = _flag(DEFAULT_PORT, "PORT", "gRPC port; 0 takes a free one", type=_port)
    grpc_socket_path: str = _flag("", "FILE", "Unix socket to listen on as well")
    grpc_channel_arguments: tuple[tuple[str, int | str], ...] = _flag(
        (), "NAME=VALUE,...", "options of the gRPC server", type=_channel_arguments
    )
    grpc_max_threads: int = _flag(
        0,
        "N",
        "gRPC requests at once (16 if unset; 256 with batching, where they wait in a queue)",
        type=_positive,
    )
    ssl_config_file: str = _flag("", "FILE", "SSLConfig: gRPC over TLS only; REST by --rest_api_enable_tls")
    enable_grpc_healthcheck_service: bool = _switch("answer gRPC's health protocol")
    rest_api_port: int = _flag(0, "PORT", "REST port; 0 is no REST, -1 takes a free one", type=_rest_port)
    rest_api_num_threads: int = _flag(
        0, "N", "REST requests at once (as for --grpc_max_threads if unset)", type=_positive
    )
    rest_api_timeout_in_ms: int = _flag(30_000, "MS", "longest run of one REST request", type=_positive)
    rest_api_enable_cors_support: bool = _switch("let pages of other origins call the REST port")
    enable_batching: bool = _switch("put requests that wait together into one run")
    batching_parameters_file: str = _flag("", "FILE", "BatchingParameters; needs --enable_batching")
    monitoring_config_file: str = _flag("", "FILE", "MonitoringConfig: Prometheus on the REST port")
    max_num_load_retries: int = _flag(5, "N", "tries after the first failed load of a version", type=int)
    load_retry_interval_micros: int = _flag(
        60_000_000, "US", "microseconds between two tries; negative does not wait", type=int
    )
    allow_version_labels_for_unavailable_models: bool = _switch(
        "a new label may name a version that is not loaded yet"
    )
    enable_model_warmup: bool = _switch("make first calls before a version becomes available", default=True)
    num_request_iterations_for_warmup: int = _flag(
        0, "N", "how often each recorded warm-up request is sent; 0 is once", type=int
    )
    # Loopback, since there is no authentication.
    host: str = _flag("127.0.0.1", "ADDRESS", "address to listen on; 0.0.0.0 for all")
    parent_pid: int = _flag(
        0, "PID", "stop when this process is no longer the parent; 0 never does", type=int
    )
    demo: bool = _switch("show the demo page at / of the REST port")
    require_manifest: bool = _switch(
        "refuse a version without a manifest; one with a manifest is always loaded only if its files are those of it"
    )
    public_key_file: str = _flag(
        "",
        "FILE",
        "Ed25519 public key in PEM form; refuse a version whose manifest its private key did not sign",
    )
    rest_api_max_body_bytes: int = _flag(8 * 2**20, "BYTES", "largest body of a REST request", type=_positive)
    rest_api_enable_tls: bool = _switch("REST over TLS only, by --ssl_config_file")
    # Off, since there is no authentication: a client could replace all models.
    enable_reload_rpc: bool = _switch("let any gRPC client change the models, by HandleReloadConfigRequest")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the flags of this server\n")


def parse(arguments: Sequence[str] | None = None) -> Flags:
    """Read the command line; `--help` and `--version` end the process.

    Raises:
      SystemExit: with status 2 and one line on stderr for an unknown flag, a flag of TensorFlow Serving that
        this server refuses, an invalid value, or flags that exclude each other.
    """
    parser = _parser()
    flags = Flags(**vars(parser.parse_args(arguments)))
    if not flags.model_base_path and not flags.model_config_file:
        parser.error("expected --model_base_path or --model_config_file: both are empty")
    if flags.batching_parameters_file and not flags.enable_batching:
        parser.error("--batching_parameters_file is set without setting --enable_batching to true")
    if flags.rest_api_enable_tls and not flags.ssl_config_file:
        parser.error(
            "--rest_api_enable_tls is set without --ssl_config_file, which holds key and certificate"
        )
    if flags.rest_api_port > 0 and flags.rest_api_port == flags.port:
        parser.error(
            f"--rest_api_port cannot be the same as --port, {flags.port}: give REST a port of its own"
        )
    return flags


def require_files(flags: Flags) -> None:
    """Require that the files which flags name exist, before anything slow is loaded.

    Raises:
      SystemExit: with status 2 and one line on stderr for a file that does not.
    """
    for name in (flag.name for flag in fields(Flags) if flag.name.endswith("_file")):
        if (path := getattr(flags, name)) and not os.path.exists(path):
            _parser().error(
                f"--{name}: found no file {path}; expected one that exists, or leave the flag out"
            )


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m serving.server",
        description="Serves SavedModels as TensorFlow Serving does, under its flags.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    for flag in fields(Flags):
        option = f"--{flag.name}"
        default = f" (default {str(flag.default).lower()})" if flag.default else ""
        help = flag.metadata["help"] + default
        kind, metavar = flag.metadata["type"], flag.metadata["metavar"]
        if kind is _boolean:
            # As TensorFlow Serving takes them: --name, --name=true, --name=false.
            parser.add_argument(option, nargs="?", const=True, type=kind, metavar=metavar, help=help)
        else:
            parser.add_argument(option, type=kind, metavar=metavar, help=help)
    parser.add_argument("--version", nargs=0, action=_Version, help="show the version and end")
    for name, reason in _REFUSED.items():
        parser.add_argument(f"--{name}", nargs="?", action=_Refused, help=argparse.SUPPRESS, metavar=reason)
    return parser


class _Refused(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        parser.error(
            f"{self.option_strings[0]} is a flag of TensorFlow Serving that this server does not have: "
            f"{self.metavar}"
        )


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        try:
            library = importlib.metadata.version("tensorflow")
        except importlib.metadata.PackageNotFoundError:  # a build under another name
            library = "unknown"
        print(f"TensorFlow ModelServer: {STANDS_IN_FOR} (embedded stand-in)")
        print(f"TensorFlow Library: {library}")
        parser.exit()
