"""The command line: names as in TensorFlow Serving, errors in one line, and no TensorFlow."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from serving.server.flags import ANY_FREE_PORT, Flags, parse


def test_defaults_are_tensorflow_servings():
    assert parse(["--model_base_path=/models"]) == Flags(model_base_path="/models")
    assert Flags(model_base_path="/m").port == 8500
    assert Flags(model_base_path="/m").model_name == "default"
    assert Flags(model_base_path="/m").file_system_poll_wait_seconds == 1


def test_all_flags():
    told = "--port=0 --rest_api_port=-1 --model_name=t --model_base_path=/m --host=0.0.0.0"
    flags = parse([*told.split(), "--file_system_poll_wait_seconds", "0"])
    assert (flags.port, flags.rest_api_port, flags.host) == (0, ANY_FREE_PORT, "0.0.0.0")
    assert flags.file_system_poll_wait_seconds == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--model_base_path"),
        (["--model_base_path=/m", "--model_nam=t"], "unrecognized arguments: --model_nam=t"),
        (["--model_base_path=/m", "--port=99999"], "expected a port from 0 to 65535, found 99999"),
        (["--model_base_path=/m", "--port=web"], "invalid _port value: 'web'"),
        (["--model_base_path=/m", "--file_system_poll_wait_seconds=nan"], "expected seconds of at least 0"),
        (["--model_base_path=/m", "--grpc_threads=0"], "expected at least 1"),
    ],
)
def test_refusals(arguments, message, capsys):
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_loads_no_tensorflow():
    started = time.process_time()
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "serving.server", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--model_base_path" in shown.stdout
    assert "tensorflow" not in shown.stderr
    assert time.process_time() - started < 2
