"""The command line, in TensorFlow Serving's own names, so that one script can start either server."""

from __future__ import annotations

import argparse
import importlib.metadata
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

DEFAULT_PORT = 8500
ANY_FREE_PORT = -1
# The release whose behaviour is stood in for.
STANDS_IN_FOR = "2.15.1"

ChannelArguments = tuple[tuple[str, int | str], ...]

# Flags of TensorFlow Serving that this server does not have, each with the reason.
_NOT_HERE = {
    "enable_per_model_batching_parameters": "batching is set for all models by --batching_parameters_file",
    "enable_profiler": "there is no profiler service",
    "enable_signature_method_name_check": "method names are not looked at",
    "flush_filesystem_caches": "files are read once, by the loader",
    "mixed_precision": "a graph runs in the precision it was exported in",
    "num_load_threads": "every model loads in a thread of its own",
    "num_tflite_interpreters_per_pool": "TensorFlow Lite models are not served",
    "num_tflite_pools": "TensorFlow Lite models are not served",
    "num_unload_threads": "every version unloads in a thread of its own",
    "per_process_gpu_memory_fraction": "GPU memory is taken as it is needed",
    "platform_config_file": "there is one platform, tensorflow",
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


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What one server is told at its start. Names and defaults are TensorFlow Serving's unless said.

    Attributes:
      model_base_path: the folder that holds the numbered versions; not looked at with `model_config_file`.
      model_name: the name that clients ask for; not looked at with `model_config_file`.
      model_config_file: text of a ModelServerConfig, for several models, version policies and labels.
      model_config_file_poll_wait_seconds: pause between two looks at that file; 0 reads it once.
      file_system_poll_wait_seconds: pause between two looks at a model's folder; 0 looks once. Either pause
        may be a fraction here.
      port: gRPC port; 0 takes a free one here.
      grpc_socket_path: a Unix socket to listen on as well; "" is none.
      grpc_channel_arguments: options of the gRPC server, `(name, value)`.
      grpc_max_threads: requests by gRPC that are worked on, or wait in a batching queue, at the same time; 0 is
        16, and 256 with batching.
      ssl_config_file: text of an SSLConfig: gRPC only over TLS; "" is without.
      enable_grpc_healthcheck_service: answer gRPC's health protocol.
      rest_api_port: REST port; 0 switches REST off, -1 takes a free one here.
      rest_api_num_threads: the same for requests by REST.
      rest_api_timeout_in_ms: longest run of one REST request.
      rest_api_enable_cors_support: let pages of other origins call the REST port.
      enable_batching: put requests that wait together into one run.
      batching_parameters_file: text of a BatchingParameters; needs `enable_batching`.
      monitoring_config_file: text of a MonitoringConfig, for Prometheus on the REST port.
      max_num_load_retries: tries after the first failed load of a version.
      load_retry_interval_micros: microseconds between two tries; negative does not wait.
      allow_version_labels_for_unavailable_models: a new label may name a version that is not loaded yet.
      enable_model_warmup: make first calls before a version is visible.
      num_request_iterations_for_warmup: how often each recorded warm-up request is sent; 0 is once.
      host: address to listen on (own flag); loopback unless told otherwise, as there is no authentication.
      parent_pid: stop when this process is not the parent any more (own flag); 0 runs on without a parent.
      demo: show the page to try the models on, at `/` of the REST port (own flag).
    """

    model_base_path: str = ""
    model_name: str = "default"
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: float = 0.0
    file_system_poll_wait_seconds: float = 1.0
    port: int = DEFAULT_PORT
    grpc_socket_path: str = ""
    grpc_channel_arguments: ChannelArguments = ()
    grpc_max_threads: int = 0
    ssl_config_file: str = ""
    enable_grpc_healthcheck_service: bool = False
    rest_api_port: int = 0
    rest_api_num_threads: int = 0
    rest_api_timeout_in_ms: int = 30_000
    rest_api_enable_cors_support: bool = False
    enable_batching: bool = False
    batching_parameters_file: str = ""
    monitoring_config_file: str = ""
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    allow_version_labels_for_unavailable_models: bool = False
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    host: str = "127.0.0.1"
    parent_pid: int = 0
    demo: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the flags this server knows\n")


def parse(arguments: Sequence[str] | None = None) -> Flags:
    """Reads the command line; `--help` and `--version` are answered here.

    Raises:
      SystemExit: with status 2 and one line on stderr for an unknown flag, a flag of TensorFlow Serving that
        this server does not have, a bad value, or flags that do not go together.
    """
    parser = _parser()
    flags = Flags(**vars(parser.parse_args(arguments)))
    if not flags.model_base_path and not flags.model_config_file:
        parser.error("expected --model_base_path or --model_config_file: both are empty")
    if flags.batching_parameters_file and not flags.enable_batching:
        parser.error("--batching_parameters_file is set without setting --enable_batching to true")
    if flags.rest_api_port > 0 and flags.rest_api_port == flags.port:
        parser.error(
            f"--rest_api_port cannot be the same as --port, {flags.port}: give REST a port of its own"
        )
    return flags


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m serving.server",
        description="Serves SavedModels as TensorFlow Serving does, under its flags.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument

    def add_switch(name: str, help: str) -> None:
        # As TensorFlow Serving takes them: --name, --name=true, --name=false.
        add(name, nargs="?", const=True, type=_boolean, metavar="true|false", help=help)

    add("--model_base_path", metavar="FOLDER", help="folder that holds the numbered versions")
    add("--model_name", help='name that clients ask for (default "default")')
    add("--model_config_file", metavar="FILE", help="ModelServerConfig: models, version policies, labels")
    add(
        "--model_config_file_poll_wait_seconds",
        type=_seconds,
        metavar="SECONDS",
        help="pause between two looks at that file; 0 reads it once (default 0)",
    )
    add(
        "--file_system_poll_wait_seconds",
        type=_seconds,
        metavar="SECONDS",
        help="pause between two looks at a model's folder; 0 looks once (default 1)",
    )
    add("--port", type=_port, help="gRPC port; 0 takes a free one (default 8500)")
    add("--grpc_socket_path", metavar="FILE", help="Unix socket to listen on as well")
    add(
        "--grpc_channel_arguments",
        type=_channel_arguments,
        metavar="NAME=VALUE,...",
        help="options of the gRPC server",
    )
    add(
        "--grpc_max_threads",
        type=_positive,
        default=0,
        metavar="N",
        help="requests by gRPC at once (default 16; 256 with batching, where they wait in a queue)",
    )
    add("--ssl_config_file", metavar="FILE", help="SSLConfig: gRPC over TLS only")
    add_switch("--enable_grpc_healthcheck_service", "answer gRPC's health protocol")
    add(
        "--rest_api_port", type=_rest_port, metavar="PORT", help="REST port; 0 = no REST, -1 takes a free one"
    )
    add(
        "--rest_api_num_threads",
        type=_positive,
        default=0,
        metavar="N",
        help="requests by REST at once (default as --grpc_max_threads)",
    )
    add(
        "--rest_api_timeout_in_ms",
        type=_positive,
        metavar="MS",
        help="longest run of one REST request (default 30000)",
    )
    add_switch("--rest_api_enable_cors_support", "let pages of other origins call the REST port")
    add_switch("--enable_batching", "put requests that wait together into one run")
    add("--batching_parameters_file", metavar="FILE", help="BatchingParameters; needs --enable_batching")
    add("--monitoring_config_file", metavar="FILE", help="MonitoringConfig: Prometheus on the REST port")
    add(
        "--max_num_load_retries",
        type=int,
        metavar="N",
        help="tries after the first failed load of a version (default 5)",
    )
    add(
        "--load_retry_interval_micros",
        type=int,
        metavar="US",
        help="microseconds between two tries; negative does not wait (default 60000000)",
    )
    add_switch(
        "--allow_version_labels_for_unavailable_models",
        "a new label may name a version that is not loaded yet",
    )
    add_switch("--enable_model_warmup", "make first calls before a version is visible (default true)")
    add(
        "--num_request_iterations_for_warmup",
        type=int,
        metavar="N",
        help="how often each recorded warm-up request is sent; 0 is once",
    )
    add("--host", help="address to listen on (default 127.0.0.1; 0.0.0.0 for all)")
    add("--parent_pid", type=int, metavar="PID", help="stop when this process is not the parent any more")
    add_switch("--demo", "show the page to try the models on, at / of the REST port")
    add("--version", nargs=0, action=_Version, help="show the version and end")
    for name, reason in _NOT_HERE.items():
        add(f"--{name}", nargs="?", action=_Refused, help=argparse.SUPPRESS, metavar=reason)
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
    """`name=value,...`; a value that reads as a number is one, as in TensorFlow Serving."""
    found: list[tuple[str, int | str]] = []
    for entry in filter(None, text.split(",")):
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise argparse.ArgumentTypeError(f"expected name=value, found {entry!r}")
        try:
            found.append((name, int(value)))
        except ValueError:
            found.append((name, value))
    return tuple(found)
