#!/usr/bin/env bash
# Runs a command, and starts it again when it ends with 75: for machines without a scheduler that would.
#
#   launch/supervise.sh [--run DIR] [--attempts N] [--backoff S] [--max-backoff S] [--] COMMAND ARGS...
#
#   --run DIR         the run's folder, whose log tells progress; default: what follows --run in COMMAND
#   --attempts N      give up after N attempts in a row that ended with 75 without a newer checkpoint (3): a crash loop
#   --backoff S       seconds before the next attempt (5), doubled with each attempt without progress
#   --max-backoff S   up to so many (300)
#
# e.g. launch/supervise.sh launch/local_mpirun.sh 2 build/bin/ringmaster train --config … --data … --run runs/mine
#
# TERM, INT, USR1 and USR2 are passed on to COMMAND; after TERM or INT it is not started again, whatever it ends with.
# Exit code: COMMAND's own, with two exceptions: 1 for a crash loop, and 143 or 130 where TERM or INT came between two attempts.
set -euo pipefail
# shellcheck source=launch/restart_rules.sh
. "$(dirname "$0")/restart_rules.sh"

say() { echo "supervise.sh: $*" >&2; }
usage() { say "$1 (see --help)"; exit 2; }

run='' attempts=3 backoff=5 max_backoff=300
number() { case $2 in '' | *[!0-9]*) usage "$1 takes a whole number, not '$2'" ;; esac; }
while [ $# -gt 0 ]; do
  case $1 in
    --run) run=${2:?--run takes a folder}; shift ;;
    --attempts) number "$1" "${2-}"; attempts=$2; shift ;;
    --backoff) number "$1" "${2-}"; backoff=$2; shift ;;
    --max-backoff) number "$1" "${2-}"; max_backoff=$2; shift ;;
    -h | --help) sed -n '2,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --) shift; break ;;
    -*) usage "unknown option $1" ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || usage "no command"
[ "$attempts" -gt 0 ] || usage "--attempts takes a number from 1"
[ -n "$run" ] || run=$(value_of --run "$@")
[ -n "$run" ] || usage "no --run, neither before the command nor in it: without the run's folder there is no telling progress"

child='' leaving='' trapped='' code=0
pass_on() { # SIGNAL
  case $1 in TERM) leaving=143 ;; INT) leaving=130 ;; esac
  [ -z "$child" ] || kill "-$1" "$child" 2>/dev/null || true
}
on_signals pass_on

# run_once COMMAND...: its exit code in `code`. A process group of its own: Ctrl-C reaches it once, through this script.
run_once() {
  set -m
  setpriv --pdeathsig KILL "$@" &
  child=$!
  set +m
  # A signal between the trap's look at `child` and here has not reached it.
  [ -z "$leaving" ] || kill -TERM "$child" 2>/dev/null || true
  wait_through "$child"
  child=''
  code=$(meaning_of "$code")
}

# pause SECONDS, less where a signal says to leave.
pause() {
  sleep "$1" &
  local sleeper=$!
  while :; do
    trapped=''
    wait "$sleeper" || true
    if [ -z "$trapped" ] || [ -n "$leaving" ]; then break; fi
  done
  kill "$sleeper" 2>/dev/null || true
}

failures=0 best=$(saved_step "$run")
for ((attempt = 1; ; attempt++)); do
  run_once "$@"
  if [ "$code" != "$REQUEUE" ] || [ -n "$leaving" ]; then exit "$code"; fi
  judge "$run"
  if [ "$failures" -ge "$attempts" ]; then
    say "giving up: $failures attempts in a row ended with $REQUEUE and no newer checkpoint in $run (newest: step $best)." \
      "Read $run/ranks/*.log, then start the same command again"
    exit 1
  fi
  seconds=$(pause_after "$failures" "$backoff" "$max_backoff")
  say "attempt $attempt ended with $REQUEUE, newest checkpoint: step $best; starting again in $seconds s"
  pause "$seconds"
  [ -z "$leaving" ] || exit "$leaving"
done
