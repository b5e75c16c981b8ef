"""Writers of state are killed at each of their calls: nothing is lost or half visible, and the next one goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from files.sums import digest_of, sums_below
from pipeline.runs import outcome
from serving.batch.output_folder import SUCCESS, OutputFolder
from serving.registry import label_history, model_config, pushing, signature
from serving.registry.label_changes import Operator
from serving.registry.manifest import manifest as manifest_of
from serving.registry.manifest import verify
from serving.registry.version_folder import versions_in
from tests.faults.conftest import Faults
from tests.faults.killing import FAILURES, stopped_everywhere
from tests.pipeline.runs.test_outcome import OUTCOME
from tests.serving.batch.test_output_folder import JOB, add, manifest
from tests.serving.keys import write_keys
from tests.serving.registry.test_pushing import left_in, source_in

NAME = "tagger"


def push_next(source: Path, base: Path) -> int:
    with pushing.only_push(base):
        pushing.discard_abandoned(base)
        version = pushing.push(
            source, base, pushing.next_version(base), extra={"settings.yaml": "name: t\n"}, about={"run_id": "r"},
            folders={"statistics": source.parent / "statistics"}, blessed=digest_of(sums_below(source)),
        )  # fmt: skip
    return int(version.name)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_push(tmp_path: Path, faults: Faults, failure: str) -> None:
    source = source_in(tmp_path / "model")
    source_in(tmp_path / "statistics")
    push_next(source, tmp_path / "unbroken")
    expected = manifest_of(tmp_path / "unbroken" / "1")["files"]

    def base(number: int) -> Path:
        return tmp_path / str(number)

    def work(number: int) -> object:
        return push_next(source, base(number))

    for number in stopped_everywhere(work, work, FAILURES[failure]):
        with faults.tried():
            # What a server sees now is a whole version or none.
            there = versions_in(base(number))
            faults.compare(
                {one: verify(path).is_intact for one, path in there.items()}, dict.fromkeys([1, *there], True)
            )
            assert push_next(source, base(number)) == max(there) + 1
            assert push_next(source, base(number)) == max(there) + 2
            for path in versions_in(base(number)).values():
                assert verify(path).is_intact
                faults.compare(manifest_of(path)["files"], expected)
            assert left_in(base(number)) == [str(one) for one in range(1, max(there) + 3)]


@pytest.mark.parametrize(
    "change",
    [
        lambda operator: operator.promote(3),
        lambda operator: operator.rollback(),
        lambda operator: operator.uncanary(),
        lambda operator: operator.follow(),
    ],
    ids=["promote", "rollback", "uncanary", "follow"],
)
def test_a_label_change(tmp_path: Path, faults: Faults, change: Callable[[Operator], object]) -> None:
    def folder(number: int) -> Path:
        return tmp_path / str(number)

    def prepare(number: int) -> None:
        for version in (1, 2, 3):
            (folder(number) / str(version)).mkdir(parents=True)
            (folder(number) / str(version) / "saved_model.pb").touch()
        operator = Operator(folder(number), NAME, [])
        operator.promote(1)
        operator.promote(2)
        operator.canary(3)

    prepare(0)
    before, lines = model_config.read(folder(0), NAME).served, label_history.read(folder(0)).changes
    change(Operator(folder(0), NAME, []))
    after = model_config.read(folder(0), NAME).served
    for number in stopped_everywhere(lambda number: change(Operator(folder(number), NAME, [])), prepare):
        with faults.tried():
            assert model_config.read(folder(number), NAME).served in (before, after)
            history = label_history.read(folder(number))
            assert history.unreadable == ()
            kept = {place: (line.label, line.version) for place, line in enumerate(history.changes)}
            faults.compare(kept, {place: (line.label, line.version) for place, line in enumerate(lines)})
            Operator(folder(number), NAME, []).promote(1)
            assert model_config.read(folder(number), NAME).served.labels["stable"] == 1
            assert label_history.stable_versions(label_history.read(folder(number)).changes)[-1] == 1


def test_parts_of_a_bulk_prediction(tmp_path: Path, faults: Faults) -> None:
    parts = {f"part-{part}": f"answers of {part}\n" * 20 for part in range(3)}

    def fill(number: int) -> None:
        output = OutputFolder(tmp_path / str(number))
        with output.hold(JOB):
            for name in parts.keys() - output.records():
                add(output, name, parts[name])
            output.finish(manifest(output))

    def visible(number: int) -> dict[str, str]:
        return {path.name: path.read_text() for path in (tmp_path / str(number)).glob("part-*")}

    for number in stopped_everywhere(fill, lambda number: None):
        with faults.tried():
            seen = visible(number)
            faults.compare(seen, {name: parts[name] for name in seen})
            assert (tmp_path / str(number) / SUCCESS).exists() <= (len(seen) == len(parts))
            fill(number)
            faults.compare(visible(number), parts)
            names = {path.name for path in (tmp_path / str(number)).iterdir()}
            assert names == {*parts, "manifest.json", SUCCESS}


def test_a_signature(tmp_path: Path, faults: Faults) -> None:
    source = source_in(tmp_path / "model")
    source_in(tmp_path / "statistics")
    private, public = write_keys(tmp_path / "keys")

    def version(number: int) -> Path:
        return tmp_path / str(number) / "1"

    for number in stopped_everywhere(
        lambda number: signature.sign(version(number), private),
        lambda number: push_next(source, version(number).parent),
    ):
        with faults.tried():
            assert verify(version(number)).is_intact
            assert signature.problem(version(number), public) in (
                "",
                "no manifest.json.sig: it was never signed",
            )
            signature.sign(version(number), private)
            assert signature.problem(version(number), public) == ""


def test_the_record_of_a_run(tmp_path: Path, faults: Faults) -> None:
    later = msgspec.structs.replace(OUTCOME, run_id="later")
    for _ in stopped_everywhere(lambda number: later.save(tmp_path), lambda number: OUTCOME.save(tmp_path)):
        with faults.tried():
            assert outcome.load(tmp_path) in (OUTCOME, later)
            later.save(tmp_path)
            assert outcome.load(tmp_path) == later
            assert [path.name for path in tmp_path.iterdir()] == [outcome.LAST_RUN]
