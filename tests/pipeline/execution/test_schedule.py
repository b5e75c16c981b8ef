"""Which step runs when, again, or not at all: specs of shell commands, run as the processes that they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.execution.graph import graph_of
from pipeline.execution.image import Processes
from pipeline.execution.parameters import RUN_ID
from pipeline.execution.record import Record
from pipeline.execution.schedule import Execution, Outcome
from pipeline.settings import SettingsError
from tests.pipeline.execution.shell_specs import spec, task

# Makes a mark and waits for the other's, for some two seconds.
MEET = 'touch "$0"; n=0; while [ ! -e "$1" ]; do n=$((n + 1)); [ $n -lt 40 ]; sleep 0.05; done'


def execute(
    job: dict[str, Any], work: Path, *, jobs: int = 2, fresh: bool = False
) -> tuple[Outcome, list[str]]:
    """The outcome, and `event step` for everything that was reported."""
    events: list[str] = []
    graph = graph_of(job)
    code = work / "code"
    code.mkdir(parents=True, exist_ok=True)
    execution = Execution(
        graph,
        Record(work, graph, fresh=fresh),
        work=work,
        surroundings=Processes(code),
        jobs=jobs,
        report=lambda event, step, _: events.append(f"{event} {step}"),
    )
    return execution.run(), events


def test_artifacts_and_parameters_are_passed_on(tmp_path: Path) -> None:
    job = spec(
        root=str(tmp_path / "root"),
        make=task(
            """echo text > "$0"; printf 7 > "$1"
            printf '{"artifacts": {"a": {"artifacts": [{"metadata": {"rows": 3.0}}]}},
                     "parameterValues": {"said": "there"}}' > "$2"; printf here > "$3" """,
            "{{$.outputs.artifacts['a'].path}}",
            "{{$.outputs.parameters['n'].output_file}}",
            str(tmp_path / "work/steps/make/outputs/executor_output.json"),
            "{{$.outputs.parameters['said'].output_file}}",
            makes=("a",),
            returns=("n", "said"),
        ),
        use=task(
            'cat "$0" > "$2"; echo "$1" >> "$2"; echo "$3" > "$2.json"',
            "{{$.inputs.artifacts['a'].path}}",
            "{{$.inputs.parameters['n']}} {{$.inputs.parameters['c']}}",
            "{{$.outputs.artifacts['b'].path}}",
            "{{$}}",
            takes={"a": ("make", "a")},
            parameters={"n": ("make", "n"), "c": "constant", "run": RUN_ID, "said": ("make", "said")},
            makes=("b",),
        ),
    )
    outcome, events = execute(job, tmp_path / "work")
    assert events == ["started make", "finished make", "started use", "finished use"]
    made, used = outcome.results["make"].artifacts["a"], outcome.results["use"].artifacts["b"]
    assert Path(used["uri"]).read_text() == "text\n7 constant\n"
    assert Path(used["uri"]).is_relative_to(tmp_path / "root" / "shells")
    handed = json.loads(Path(used["uri"] + ".json").read_text())["inputs"]
    run = json.loads((tmp_path / "work" / "run.json").read_text())["run"]
    # A parameter that is a text stays one, and what the output file says of it comes before its own file.
    assert handed["parameterValues"] == {"n": "7", "c": "constant", "run": run, "said": "there"}
    assert handed["artifacts"]["a"]["artifacts"] == [
        {
            "name": made["name"],
            "uri": made["uri"],
            "type": {"schemaTitle": "system.Artifact"},
            "metadata": {"rows": 3.0},
        }
    ]
    # Names tell artifacts apart.
    assert made["name"] != used["name"]


def test_two_steps_meet_side_by_side(tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in ("one", "two")]
    job = spec(a=task(MEET, *marks), b=task(MEET, *reversed(marks)))
    outcome, events = execute(job, tmp_path / "work")
    assert not outcome.failures
    assert events[:2] == ["started a", "started b"]


def test_and_with_one_job_they_do_not(tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in ("one", "two")]
    job = spec(a=task(MEET, *marks), b=task(MEET, *reversed(marks)))
    outcome, events = execute(job, tmp_path / "work", jobs=1)
    assert events == ["started a", "failed a"]
    assert outcome.not_reached == ("b",)


def _failing(times: int, log: Path) -> str:
    return f'echo x >> "{log}"; [ $(wc -l < "{log}") -gt {times} ]'


def test_a_step_is_retried_as_the_spec_says(tmp_path: Path) -> None:
    policy = {"maxRetryCount": 2, "backoffDuration": "0.01s", "backoffFactor": 2.0}
    job = spec(a=task(_failing(2, tmp_path / "a"), retryPolicy=policy), b=task("true", after=("a",)))
    outcome, events = execute(job, tmp_path / "work")
    assert events == ["started a", "again a", "again a", "finished a", "started b", "finished b"]
    assert not outcome.failures


def test_and_no_more_often_than_that(tmp_path: Path) -> None:
    policy = {"maxRetryCount": 1, "backoffDuration": "0s"}
    job = spec(a=task(_failing(2, tmp_path / "a"), retryPolicy=policy))
    outcome, events = execute(job, tmp_path / "work")
    assert events == ["started a", "again a", "failed a"]
    assert outcome.failures[0].reason == "ended with exit code 1, the last of 2 tries"


def test_a_retry_starts_with_empty_folders(tmp_path: Path) -> None:
    command = f'mkdir "$0"; {_failing(1, tmp_path / "count")}'
    job = spec(
        a=task(command, "{{$.outputs.artifacts['o'].path}}", makes=("o",), retryPolicy={"maxRetryCount": 1})
    )
    outcome, _ = execute(job, tmp_path / "work")
    assert not outcome.failures


def test_a_failing_step_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    job = spec(
        a=task(
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo line $i; done; echo bad >&2; exit 7"
        ),
        b=task("true", after=("a",)),
        c=task("true", after=("b",)),
        d=task('sleep 0.3; touch "$0"', str(tmp_path / "d")),
    )
    outcome, _ = execute(job, tmp_path / "work")
    (failure,) = outcome.failures
    assert (failure.step, failure.reason) == ("a", "ended with exit code 7")
    assert failure.tail == (*(f"line {i}" for i in range(3, 17)), "bad")
    assert failure.log.read_text().startswith("line 1\n")
    assert outcome.not_reached == ("b", "c")
    # What was under way came to its end.
    assert (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (task("kill -9 $$"), "ended with signal 9"),
        (task("true", "{{$.gone}}"), "could not be started: found the placeholder"),
        (task("true", returns=("n",)), "ended with exit code 0, but found no value of the output n"),
        (task("true", triggerPolicy={"condition": "1 =="}), "was not started: condition '1 =='"),
    ],
)
def test_other_ways_to_fail(broken: dict[str, Any], reason: str, tmp_path: Path) -> None:
    outcome, events = execute(spec(a=broken), tmp_path)
    assert outcome.failures[0].reason.startswith(reason)
    assert events[-1] == "failed a"


@pytest.mark.parametrize("blessed", [0, 1])
def test_a_condition_decides(blessed: int, tmp_path: Path) -> None:
    # What a step returns is the text that the spec says.
    condition = "int(inputs.parameter_values['blessed']) == 1"
    job = spec(
        gate=task(f'printf {blessed} > "$0"', "{{$.outputs.parameters['b'].output_file}}", returns=("b",)),
        push=task("true", parameters={"blessed": ("gate", "b")}, triggerPolicy={"condition": condition}),
        after_it=task("true", after=("push",)),
        whatever=task("true", after=("push",), triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}),
    )
    outcome, events = execute(job, tmp_path)
    assert not outcome.failures
    assert outcome.skipped == (() if blessed else ("push", "after_it"))
    assert ("started push" in events) == bool(blessed)
    assert "finished whatever" in events


@pytest.mark.parametrize("broken", [task("exit 1"), task("true", "{{$.gone}}")])
def test_a_step_that_starts_whatever_happened(broken: dict[str, Any], tmp_path: Path) -> None:
    strategy = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    job = spec(
        a=broken,
        b=task("true", after=("a",)),
        tell=task("true", after=("a", "b"), triggerPolicy=strategy),
    )
    outcome, events = execute(job, tmp_path)
    assert events[-3:] == ["failed a", "started tell", "finished tell"]
    assert outcome.not_reached == ("b",)
    assert [one.step for one in outcome.failures] == ["a"]


def test_a_step_that_could_not_be_started_is_reported_too(tmp_path: Path) -> None:
    strategy = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    job = spec(a=task("true", "{{$.gone}}"), tell=task("true", after=("a",), triggerPolicy=strategy))
    assert execute(job, tmp_path)[1] == ["failed a", "started tell", "finished tell"]


def test_a_second_call_resumes_after_the_last_finished_step(tmp_path: Path) -> None:
    log = tmp_path / "log"
    job = spec(
        a=task(f'echo a >> {log}; echo made > "$0"', "{{$.outputs.artifacts['o'].path}}", makes=("o",)),
        b=task(f'echo b >> {log}; [ -e {tmp_path}/flag ]; cat "$0" >> {log}',
               "{{$.inputs.artifacts['o'].path}}", takes={"o": ("a", "o")}),
    )  # fmt: skip
    work = tmp_path / "work"
    first, _ = execute(job, work)
    assert [one.step for one in first.failures] == ["b"]
    (tmp_path / "flag").touch()
    second, events = execute(job, work)
    assert events == ["kept a", "started b", "finished b"]
    assert not second.failures
    assert log.read_text().split() == ["a", "b", "b", "made"]
    assert execute(job, work)[1] == ["kept a", "kept b"]
    # What was made and is gone is made again, and all that came of it.
    Path(second.results["a"].artifacts["o"]["uri"]).unlink()
    assert execute(job, work)[1] == ["started a", "finished a", "started b", "finished b"]
    third, events = execute(job, work, fresh=True)
    assert events == ["started a", "finished a", "started b", "finished b"]
    assert third.results["a"].artifacts["o"]["uri"] != second.results["a"].artifacts["o"]["uri"]


def test_a_folder_with_a_run_of_another_spec_is_refused(tmp_path: Path) -> None:
    execute(spec(a=task("true")), tmp_path)
    with pytest.raises(SettingsError, match="a run of another spec"):
        execute(spec(a=task("true", "more")), tmp_path)
    execute(spec(a=task("true", "more")), tmp_path, fresh=True)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(SettingsError, match="not the record of a run"):
        execute(spec(a=task("true")), tmp_path)
