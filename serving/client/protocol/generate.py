"""`python -m serving.client.protocol.generate` writes `messages/` from `proto/`; its output is committed.

The sources carry TensorFlow's own package names, so that grpcurl and other languages can use them. Python
keeps every message of a process in one pool by full name: generated as they are they would clash with the
real stubs, in whichever order the two are imported. So the Python ones get a package of their own. Names are
not on the wire: the bytes are the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SOURCES = _HERE / "proto"
_FOLDER = Path("serving", "client", "protocol", "messages")
_RENAMED = (
    ("package tensorflow.serving;", "package tagline.wire;"),
    ("package tensorflow;", "package tagline.wire;"),
    ("tensorflow.TensorProto", "TensorProto"),
    ('import "tensor.proto"', f'import "{_FOLDER.as_posix()}/tensor.proto"'),
)


def generate(target: Path) -> None:
    """Write `serving/client/protocol/messages/*_pb2.py` below `target`.

    Raises:
      RuntimeError: protoc refused a source; its message is on stderr.
    """
    # A developer's dependency: the client itself does not need grpcio-tools.
    import grpc_tools
    from grpc_tools import protoc

    google = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, _FOLDER)
        folder.mkdir(parents=True)
        for source in sorted(_SOURCES.glob("*.proto")):
            text = source.read_text()
            for old, new in _RENAMED:
                text = text.replace(old, new)
            (folder / source.name).write_text(text)
        files = [str(path) for path in sorted(folder.glob("*.proto"))]
        arguments = ["protoc", f"-I{scratch}", f"-I{google}", f"--python_out={target}", *files]
        if protoc.main(arguments):
            raise RuntimeError("protoc refused the sources in serving/client/protocol/proto")


if __name__ == "__main__":
    generate(_HERE.parents[2])
    sys.exit(0)
