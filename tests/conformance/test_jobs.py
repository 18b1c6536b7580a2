"""JOB: what happens after the 200."""

from contracts.checks import protocol
from contracts.checks.authentication import credentials_refused
from contracts.exchange import CONTROL
from strategies import credentials, methods
from tests.harness import polling
from tests.harness.plugin import requirement
from tests.harness.trial import Trial


@requirement("JOB-01", sends=(1, 1, 4))
def test_job_is_known(trial: Trial) -> None:
    status, request = trial.run.follow(trial.run.control())
    for _ in range(trial.sends):
        exchange = trial.run.send(request, CONTROL, operation=status)
        trial.judge(exchange, protocol.job_is_known(status))


@requirement("JOB-02", sends=(3, 4, 20))
def test_job_reaches_a_final_status_and_stays(trial: Trial) -> None:
    status, request = trial.run.follow(trial.run.control())
    polls = list(polling.until_final(trial.run, status, request, at_most=trial.sends - 1))
    polls.append(trial.run.send(request, CONTROL, operation=status))
    trial.judge_series(protocol.job_settles, polls)


@requirement("JOB-03", sends=(3, 3, 10))
def test_jobs_in_flight_are_kept_apart(trial: Trial) -> None:
    first = trial.run.control()
    second = trial.run.send(trial.run.acceptable(), CONTROL)
    for accepted in (second, first):
        status, request = trial.run.follow(accepted)
        exchange = trial.run.send(request, CONTROL, operation=status)
        trial.judge(exchange, protocol.job_is_known(status))


@requirement("JOB-04", sends=(1, 2, 2))
def test_status_of_a_job_needs_the_token(trial: Trial) -> None:
    status, request = trial.run.follow(trial.run.control())
    edits = [*credentials.none(status)[:1], *credentials.never_issued(status)[:1]]
    for edit in edits[: trial.sends]:
        exchange = trial.run.send(edit.apply(request), edit, operation=status)
        trial.judge(exchange, credentials_refused)


@requirement("JOB-05", edits=methods.unknown_ids)
def test_unknown_job_is_refused(trial: Trial) -> None:
    for exchange in trial.each_edit(of=trial.run.refusable):
        trial.judge(exchange, protocol.unknown_job_refused)
