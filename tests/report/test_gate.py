"""The quality gate of the report says what the exit code says."""

from contextlib import AbstractContextManager
from pathlib import Path

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue
from contracts.mock.http.serve import MockServer, serve
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.report.reported_runs import LITTLE_TIME, FirstRunTarget, Slow, known, run_and_report
from tests.support.suite_process import document


class NothingIsKnown(MockApi):
    """Takes no id, so that no control is accepted."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        return [*super().unknown_values(operation, value), {"code": "custom", "path": [], "message": "unknown"}]


def served(kind: type[MockApi], port: int = 0) -> AbstractContextManager[MockServer]:
    return serve(kind(document(), state=State(seed=1)), port)


def test_held(tmp_path: Path) -> None:
    with served(MockApi) as server:
        run = run_and_report(tmp_path, "held", server)
    assert (run.code, run.report.failed_rules) == (0, ())


def test_could_not_tell(tmp_path: Path) -> None:
    with served(NothingIsKnown) as server:
        run = run_and_report(tmp_path, "could not tell", server)
    assert run.code == 6
    assert [line.partition(" ")[2] for line in run.report.failed_rules] == ["undecided"]


class HasNoRateHeaders(MockApi):
    """Leaves out the headers of the rate limit: no must demands them."""

    def rate_headers(self, _: object) -> dict[str, str]:
        return {}


def test_recommendation_not_met_gates_only_with_strict(tmp_path: Path) -> None:
    with served(HasNoRateHeaders) as server:
        lenient, strict = (
            run_and_report(tmp_path, "lenient", server),
            run_and_report(tmp_path, "strict", server, "--strict"),
        )
    assert (lenient.code, lenient.report.failed_rules) == (0, ())
    assert strict.code == 1
    assert [line.partition(" ")[2] for line in strict.report.failed_rules] == ["violated"]
    assert strict.summary["headline"].startswith("Recommendations not met, with --strict: ")


def test_ended_early(tmp_path: Path) -> None:
    with served(Slow) as server:
        run = run_and_report(tmp_path, "ended early", server, *LITTLE_TIME)
    assert run.code == 2
    assert run.report.failed_rules == (
        f"{run.summary['checks']['musts']['not_run']} not run",
        "1 at run level: see Global Errors",
    )


def test_violated_then_known_then_no_longer_violated(tmp_path: Path) -> None:
    with served(FirstRunTarget) as server:
        violated = run_and_report(tmp_path, "violated", server)
    port = int(server.url.rpartition(":")[2])
    every = tmp_path / "known.yaml"
    every.write_text("".join(Path(known(tmp_path, violated, name)[1]).read_text() for name in ("AUTH-04", "ERR-05")))
    with served(FirstRunTarget, port) as server:
        excused = run_and_report(tmp_path, "known", server, "--known-issues", str(every))
    with served(MockApi, port) as server:
        mended = run_and_report(tmp_path, "mended", server, "--known-issues", str(every))
    assert violated.code == 1
    assert violated.report.failed_rules == ("3 violated",)
    assert (excused.code, excused.report.failed_rules) == (0, ())
    assert mended.code == 7
    assert mended.report.failed_rules == ("3 undecided", "3 at run level: see Global Errors")
