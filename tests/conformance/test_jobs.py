"""JOB: what happens after the 200."""

from contracts.checks import protocol
from contracts.checks.authentication import credentials_refused
from contracts.errors import NotApplicable
from contracts.exchange import CONTROL
from strategies import credentials, methods
from tests.harness import polling
from tests.harness.plugin import requirement
from tests.harness.trial import Trial


@requirement("JOB-01", sends=(2, 4, 8))
def test_job_is_known(trial: Trial) -> None:
    # The opening control and its repeat, read to their ends: the second job often ends otherwise than the first.
    trial.run.control()
    accepted = [exchange for exchange in trial.run.exchanges if exchange.edit == CONTROL and exchange.accepted]
    for turn in range(trial.sends):
        status, request = trial.run.follow(accepted[turn % 2 % len(accepted)])
        trial.judge(trial.run.send(request, CONTROL, operation=status), protocol.job_is_known(status))


@requirement("JOB-02")
def test_job_reaches_a_final_status_and_stays(trial: Trial) -> None:
    trial.run.control()
    trial.judge_run(protocol.jobs_settle)  # JOB-03 waits for the ends; the repeated controls read on and on


@requirement("JOB-03", sends=(8, 12, 40))
def test_jobs_are_kept_apart(trial: Trial) -> None:
    trial.run.control()
    for request in trial.run.controls():
        polling.until_final(trial.run, request, at_most=polling.FEWEST_READS)
    finished = {e.request: e for e in trial.run.exchanges if e.accepted and protocol.job_state(e) in protocol.FINAL}
    if not finished:
        raise NotApplicable("no job came to its end in time (JOB-02)")
    polling.until_final(trial.run, trial.run.another_control().request, at_most=polling.FEWEST_READS)
    for request, told in finished.items():
        trial.judge(trial.run.send(request, CONTROL), protocol.stays_as_told(told))


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
