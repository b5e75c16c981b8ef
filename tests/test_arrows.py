"""Who imports whom, read from the sources: the packages stand in layers, and some names have one door each."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each package may import of the project beside itself. `serving.client` is a package of its own here.
MAY_IMPORT: dict[str, set[str]] = {
    "files": set(),
    "deploy": set(),
    "tagging": set(),
    "corpus": {"files", "tagging"},
    "sample": {"tagging"},
    "serving.client": {"tagging"},
    "serving": {"files", "tagging", "corpus", "serving.client"},
    "trainer": {"tagging", "corpus"},
    "components": {"files", "tagging", "corpus", "trainer", "serving", "serving.client"},
    "pipeline": {"files", "tagging", "corpus", "trainer", "components", "serving", "serving.client"},
}
# The rooms of each package, from the ground up: a room imports only rooms that stand before it. Files that are named by
# no room here (`corpus/errors.py`, say) stand where their folder does.
ORDER: dict[str, str] = {
    "corpus": (
        "corpus, corpus.formats, corpus.reading, corpus.splits, corpus.recognition, corpus.checks, corpus.writing, "
        "corpus.repair"
    ),
    "trainer": (
        "trainer.hyperparameters, trainer.remote_files, trainer.features, trainer.crf, trainer.input_pipeline, "
        "trainer.model, trainer.initial_weights, trainer.export, trainer.training, trainer.distributed, trainer.run_fn"
    ),
    "trainer.crf": "trainer.crf.arguments, trainer.crf.algorithms, trainer.crf",
    "components": (
        "components, components.metrics, components.corpus_gen, components.predictor, components.corpus_gate, "
        "components.crfsuite_baseline, components.scores, components.serving_check, components.model_gate, "
        "components.resolvers, components.tuner, components.atomic_pusher, components.report"
    ),
    "components.report": (
        "components.report.html, components.report.tables, components.report.plots, components.report.errors, "
        "components.report.run_page, components.report.comparison, components.report"
    ),
    "serving": (
        "serving.client.protocol, serving.client, serving.registry, serving.demo, serving.server, serving.batch, "
        "serving.container_engine, serving.engine, serving.screenshots"
    ),
    "serving.server": (
        "serving.server.wire, serving.server.config, serving.server.graph, serving.server.versions, "
        "serving.server.inference, serving.server.endpoints, serving.server"
    ),
    "pipeline": (
        "pipeline.settings, pipeline.beam, pipeline.runs, pipeline.doctor, pipeline.stages, pipeline.cluster, "
        "pipeline.execution, "
        "pipeline.factory, pipeline.runners, pipeline.cli"
    ),
    "pipeline.cli": (
        "pipeline.cli, pipeline.cli.line, pipeline.cli.models, pipeline.cli.serving, pipeline.cli.cluster, "
        "pipeline.cli.app"
    ),
    "benchmarks": "benchmarks.measuring, benchmarks.rivals, benchmarks",
}
SOURCES = sorted(path for package in MAY_IMPORT for path in (ROOT / package.replace(".", "/")).rglob("*.py"))


def package_of(module: str) -> str:
    return "serving.client" if f"{module}.".startswith("serving.client.") else module.partition(".")[0]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Full names of the modules that a file imports anywhere, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            # `from serving import client` imports a module too.
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def offenders(files: list[Path], names: set[str], but: set[str] | None = None) -> list[str]:
    """`file:line: import` wherever one of `files` imports a top-level name of `names`."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files
        if module_of(path) not in (but or set())
        for name, line in imports_of(path)
        if name.partition(".")[0] in names
    ]


def below(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 100
    assert all(below(package.replace(".", "/")) for package in MAY_IMPORT)


def test_packages_import_only_what_lies_below_them() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in SOURCES
        for name, line in imports_of(path)
        if package_of(name) in MAY_IMPORT
        and package_of(name) != package_of(module_of(path))
        and package_of(name) not in MAY_IMPORT[package_of(module_of(path))]
    ]
    assert found == []


def room_of(module: str, rooms: list[str]) -> str | None:
    """The innermost of `rooms` that a module stands in."""
    return max((room for room in rooms if f"{module}.".startswith(f"{room}.")), key=len, default=None)


@pytest.mark.parametrize("package", ORDER)
def test_rooms_import_only_rooms_below_them(package: str) -> None:
    rooms = ORDER[package].split(", ")
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in below(package.replace(".", "/"))
        for name, line in imports_of(path)
        if (there := room_of(name, rooms)) and (here := room_of(module_of(path), rooms))
        if rooms.index(there) > rooms.index(here)
    ]
    assert found == []


def test_every_room_is_in_the_order() -> None:
    for package, order in ORDER.items():
        rooms = order.split(", ")
        for room in rooms:
            path = ROOT / room.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file(), room
        for path in (ROOT / package.replace(".", "/")).iterdir():
            if (path / "__init__.py").is_file() and package != "benchmarks":
                assert module_of(path / "x.py").removesuffix(".x") in rooms, path


def test_no_circle_of_files() -> None:
    paths = {
        module_of(path).removesuffix(".__init__"): path for path in [*SOURCES, *below("benchmarks", "deploy")]
    }
    imports = {
        module: {
            name if name in paths else name.rpartition(".")[0]
            for name, _ in imports_of(path)
            if name in paths or name.rpartition(".")[0] in paths
        }
        - {module}
        for module, path in paths.items()
    }
    # What imports nothing that is left cannot be on a circle.
    left = dict(imports)
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    assert sorted(left) == []


def test_nothing_that_ships_imports_tests_or_benchmarks() -> None:
    assert offenders(SOURCES, {"tests", "benchmarks"}) == []


def test_files_tagging_and_sample_need_the_standard_library_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"files", "tagging", "sample"}
    names = {
        name.partition(".")[0] for path in below("files", "tagging", "sample") for name, _ in imports_of(path)
    }
    assert names <= allowed


def test_corpus_needs_msgspec_and_charset_normalizer_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"files", "tagging", "corpus", "msgspec", "charset_normalizer"}
    names = {name.partition(".")[0] for path in below("corpus") for name, _ in imports_of(path)}
    assert names <= allowed


def test_the_client_needs_grpc_and_protobuf_beside_tagging_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"serving", "tagging", "grpc", "google"}
    # Those who generate the messages need the compiler, those who use them do not.
    files = [path for path in below("serving/client") if path.name != "generate.py"]
    assert {name.partition(".")[0] for path in files for name, _ in imports_of(path)} <= allowed


def test_tensorflow_addons_has_one_door() -> None:
    # Tests and benchmarks hold ours against it; what ships asks this one module.
    assert offenders(SOURCES, {"tensorflow_addons"}, but={"trainer.model.addons"}) == []


def test_the_server_knows_no_tfx() -> None:
    assert offenders(below("serving"), {"tfx", "tensorflow_transform", "tensorflow_model_analysis"}) == []


def test_the_crf_knows_no_pipeline() -> None:
    assert offenders(below("trainer/crf"), {"tfx", "tensorflow_transform", "keras"}) == []


@pytest.mark.parametrize(
    "module",
    [
        "pipeline.settings",
        "pipeline.cli.app",
        "pipeline.runs.outcome",
        "corpus.checks.check",
        "sample.generate",
        "components.metrics.display_names",
        "components.report.comparison.page",
    ],
)
def test_what_must_start_fast_brings_no_tensorflow(module: str) -> None:
    assert brought_by(module, "tensorflow", "tfx", "apache_beam") == []


def test_the_client_brings_no_more_than_it_says() -> None:
    heavy = ("tensorflow", "tfx", "numpy", "trainer", "components", "corpus", "pipeline")
    assert brought_by("serving.client", *heavy) == []


def test_the_server_process_is_started_without_tensorflow() -> None:
    assert brought_by("serving.server.process", "tensorflow", "tfx") == []


def brought_by(module: str, *names: str) -> list[str]:
    """Which of `names` an import of `module` brings into a fresh process, directly or not."""
    program = f"import sys, {module}; print(*[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.split()
