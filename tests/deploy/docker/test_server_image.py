"""The server's image and its compose file against each other, the deployment, and the flags of TensorFlow Serving."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import yaml

from serving.server import flags as command_line
from tests.deploy.docker.dockerfiles import DOCKER, ROOT, of, parent_images, stages
from tests.deploy.k8s.k8s_objects import container, pod, rendered
from tests.serving.server.tensorflow_serving_flags import FLAGS, flag_name

CONTEXT = ROOT / "deploy"
FOLDER = DOCKER / "server"
(IMAGE,) = stages("server")
ARGUMENTS = of(IMAGE, "CMD")[-1].arguments
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
(SERVICE,) = COMPOSE["services"].values()


def test_it_is_based_on_the_version_whose_stubs_are_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"^tensorflow-serving-api==(\S+)", lock, flags=re.MULTILINE)
    assert parent_images("server") == [f"docker.io/tensorflow/serving:{version}"]


def test_compose_and_the_deployment_have_the_images_user() -> None:
    user = of(IMAGE, "USER")[-1].text
    assert SERVICE["user"] == user
    security = pod(rendered("base"))["spec"]["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user


def test_every_user_may_read_what_is_copied() -> None:
    assert of(IMAGE, "COPY")
    for copy in of(IMAGE, "COPY"):
        assert copy.options == {"chmod": "0555"}


def test_the_entry_point_is_the_server_without_a_shell() -> None:
    assert of(IMAGE, "ENTRYPOINT")[-1].arguments == ["/usr/bin/tensorflow_model_server"]
    assert of(IMAGE, "STOPSIGNAL")[-1].text == "SIGKILL"


def test_both_servers_have_every_flag() -> None:
    assert {flag_name(argument) for argument in ARGUMENTS} <= FLAGS
    command_line.parse(ARGUMENTS)


def test_the_flags_differ_from_the_deployments_only_in_pauses() -> None:
    deployed = set(container(rendered("base"))["args"])
    only_here = {flag_name(argument) for argument in set(ARGUMENTS) - deployed}
    only_there = {flag_name(argument) for argument in deployed - set(ARGUMENTS)}
    pauses = {"model_config_file_poll_wait_seconds", "file_system_poll_wait_seconds"}
    assert (only_here, only_there) == (pauses, {*pauses, "grpc_channel_arguments"})


def test_the_files_that_flags_name_are_copied_or_mounted() -> None:
    files = set()
    for copy in of(IMAGE, "COPY"):
        *sources, target = copy.arguments
        files |= {target + Path(source).name for source in sources} if target.endswith("/") else {target}
    for volume in SERVICE["volumes"]:
        (default,) = re.findall(r"\$\{\w+:-(.+)\}", volume["source"])
        folder = (FOLDER / default).resolve()
        assert volume["read_only"] is True
        assert volume["bind"] == {"create_host_path": False}
        if folder.is_dir():
            files |= {f"{volume['target']}/{path.name}" for path in folder.iterdir()}
        else:  # written by the first run
            assert folder == ROOT / "serving_models"
    assert {argument.partition("=")[2] for argument in ARGUMENTS if "_file=" in argument} <= files
    (check,) = of(IMAGE, "HEALTHCHECK")
    assert check.text.endswith('CMD ["/usr/local/bin/tagline-ready"]')
    assert "/usr/local/bin/tagline-ready" in files


def test_ports_are_those_of_the_flags_and_open_to_this_machine_only() -> None:
    flags = dict(argument[2:].split("=", 1) for argument in ARGUMENTS)
    ports = [flags["port"], flags["rest_api_port"]]
    assert of(IMAGE, "EXPOSE")[-1].arguments == ports
    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]


def test_the_compose_file_has_the_form_of_one() -> None:
    schema = json.loads(Path(__file__).with_name("compose_schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(COMPOSE, schema)


def test_compose_builds_this_image_and_restricts_its_container() -> None:
    build = SERVICE["build"]
    assert (FOLDER / build["context"]).resolve() == CONTEXT
    assert CONTEXT / build["dockerfile"] == FOLDER / "Dockerfile"
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    # Without an init the server is process 1 and gets no SIGTERM.
    assert SERVICE["init"] is True
    assert SERVICE["stop_signal"] == "SIGTERM"
