#!/usr/bin/env bash
# The action's test step: turns its inputs into options, and the exit code of the run into the result of the step.
# With MERGE, the folder of a run's shards, it makes one report of them in place of a run.
#
# Code 6, could not tell, passes with a warning unless COULD_NOT_TELL is fail: a sandbox that sleeps breaks no contract.
set -euo pipefail
if [ -n "${MERGE:-}" ]; then
    options=(merge "$MERGE" --out "$OUT")
    CONTRACT="" REDACT="" OVERLAY="" OPERATIONS="" SETTINGS="" SHARD="" BUDGET="" MINUTES="" # the shards say
else
    options=(run --out "$OUT" --target "$TARGET" --profile "$PROFILE")
fi
for name in contract published history known-issues redact shard budget minutes; do
    variable=$(tr 'a-z-' 'A-Z_' <<< "$name")
    if [ -n "${!variable}" ]; then options+=("--$name" "${!variable}"); fi
done
while IFS= read -r line; do
    if [ -n "$line" ]; then options+=(--overlay "$line"); fi
done <<< "$OVERLAY"
while IFS= read -r line; do
    if [ -n "$line" ]; then options+=(--operation "$line"); fi
done <<< "$OPERATIONS"
if [ -n "$SETTINGS" ]; then
    file=$(umask 077 && mktemp)
    trap 'rm -f "$file"' EXIT
    printf '%s\n' "$SETTINGS" > "$file"
    options+=(--env-file "$file")
fi
unset SETTINGS
# What a run created and could not cancel is cancelled by the next one.
export XDG_STATE_HOME="${XDG_STATE_HOME:-$PWD/$OUT/state}"
code=0
"$COMMAND" "${options[@]}" || code=$?
echo "exit-code=$code" >> "$GITHUB_OUTPUT"
if [ -f "$OUT/results/latest/summary.md" ]; then cat "$OUT/results/latest/summary.md" >> "$GITHUB_STEP_SUMMARY"; fi
case $code in
    0) ;;
    1) echo "::error title=Contract broken::Exit code 1: a must is violated." ;;
    6)
        echo "::warning title=Could not tell::Exit code 6: the target is unavailable, rejects the token, or a must stayed undecided."
        if [ "$COULD_NOT_TELL" != fail ]; then code=0; fi
        ;;
    7) echo "::error title=Quality gate::Exit code 7: the target conforms, but the quality gate fails the run; the log says why." ;;
    *) echo "::error title=Not tested::Exit code $code: the last lines of the log say why." ;;
esac
exit "$code"
