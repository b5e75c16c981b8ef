"""The command line: TensorFlow Serving's names, errors in one line, no import of TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest

from serving.server.flags import ANY_FREE_PORT, STANDS_IN_FOR, Flags, parse, require_files
from tests.serving.running import OWN
from tests.serving.server.tensorflow_serving_flags import FLAGS

pytestmark = pytest.mark.embedded

BASE = "--model_base_path=/m"


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def test_defaults_are_tensorflow_servings():
    flags = parse(["--model_base_path=/models"])
    assert flags == Flags(model_base_path="/models")
    assert (flags.port, flags.rest_api_port, flags.rest_api_timeout_in_ms) == (8500, 0, 30_000)
    assert (flags.model_name, flags.file_system_poll_wait_seconds) == ("default", 1)
    assert (flags.max_num_load_retries, flags.load_retry_interval_micros) == (5, 60_000_000)
    assert flags.enable_model_warmup
    assert not flags.enable_batching
    assert not flags.enable_grpc_healthcheck_service
    assert not flags.enable_reload_rpc
    assert flags.host == "127.0.0.1", "loopback"


def test_every_flag_of_tensorflow_serving_is_taken_or_refused_by_name(capsys):
    ours = {field.name for field in fields(Flags)} | {"version"}
    assert ours - OWN <= FLAGS
    for name in sorted(FLAGS - ours):
        for argument in (f"--{name}", f"--{name}=1"):
            message = refusal([BASE, argument], capsys)
            assert f"--{name} is a flag of TensorFlow Serving that this server does not have: " in message


def test_numbers_and_texts():
    words = "--port=0 --rest_api_port=-1 --model_name=t --model_base_path=/m --host=0.0.0.0"
    flags = parse(
        [*words.split(), "--file_system_poll_wait_seconds", "0.5", "--load_retry_interval_micros=-1"]
    )
    assert (flags.port, flags.rest_api_port, flags.host) == (0, ANY_FREE_PORT, "0.0.0.0")
    assert (flags.file_system_poll_wait_seconds, flags.load_retry_interval_micros) == (0.5, -1)


@pytest.mark.parametrize(
    ("written", "expected"), [("", True), ("=true", True), ("=false", False)], ids=["alone", "true", "false"]
)
def test_switches_as_tensorflow_serving_takes_them(written, expected):
    flags = parse([BASE, f"--enable_batching{written}", f"--enable_model_warmup{written}", "--port=1"])
    assert (flags.enable_batching, flags.enable_model_warmup, flags.port) == (expected, expected, 1)


def test_channel_arguments_are_numbers_where_they_read_as_numbers():
    flags = parse(
        [BASE, "--grpc_channel_arguments=grpc.max_connection_age_ms=2000,grpc.primary_user_agent=a"]
    )
    assert flags.grpc_channel_arguments == (
        ("grpc.max_connection_age_ms", 2000),
        ("grpc.primary_user_agent", "a"),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected --model_base_path or --model_config_file: both are empty"),
        ([BASE, "--model_nam=t"], "unrecognized arguments: --model_nam=t"),
        ([BASE, "--port=99999"], "expected a port from 0 to 65535, found 99999"),
        ([BASE, "--port=web"], "invalid _port value: 'web'"),
        ([BASE, "--port=9", "--rest_api_port=9"], "--rest_api_port cannot be the same as --port, 9"),
        ([BASE, "--file_system_poll_wait_seconds=nan"], "expected seconds from 0 to"),
        ([BASE, "--file_system_poll_wait_seconds=inf"], "expected seconds from 0 to"),
        ([BASE, "--rest_api_enable_tls"], "--rest_api_enable_tls is set without --ssl_config_file"),
        ([BASE, "--grpc_max_threads=0"], "expected at least 1"),
        ([BASE, "--enable_batching=1"], "expected true or false, found '1'"),
        ([BASE, "--batching_parameters_file=/b"], "is set without setting --enable_batching to true"),
        ([BASE, "--grpc_channel_arguments=a"], "expected name=value, found 'a'"),
    ],
)
def test_refusals(arguments, message, capsys):
    assert message in refusal(arguments, capsys)


def test_a_file_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        require_files(parse([BASE, "--ssl_config_file=/b"]))
    assert caught.value.code == 2
    assert "--ssl_config_file: found no file /b; expected one that exists" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        parse(["--version"])
    assert not caught.value.code
    assert capsys.readouterr().out.startswith(f"TensorFlow ModelServer: {STANDS_IN_FOR}")


def test_help_loads_no_tensorflow():
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "serving.server", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--model_base_path" in shown.stdout
    assert "tensorflow" not in shown.stderr
