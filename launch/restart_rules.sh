#!/usr/bin/env bash
# Sourced by what starts runs: when a run that has ended is to be started again, by whatever launcher.

readonly REQUEUE=75

# meaning_of CODE: a launcher's exit code as one of ringmaster's. mpirun and srun end with 128 + N when a rank died of signal N:
#   9   SIGKILL: killed from outside (out of memory, a lost node, kill -9): a lost peer, so 75
#   10, 12   SIGUSR1, SIGUSR2 before the rank could take signals: it has nothing to save, so 75
# 255 is OpenMPI's: it ends a rank by exit(-1) where a connection breaks in the middle of a message: a lost peer too, so 75.
# Everything else stays what it is: SIGSEGV or SIGABRT is a bug, and would happen again.
meaning_of() {
  case $1 in
    $((128 + 9)) | $((128 + 10)) | $((128 + 12)) | 255) echo "$REQUEUE" ;;
    *) echo "$1" ;;
  esac
}

# verdict CODE DIR: what a run ended with, out of its launcher's code and what the ranks wrote to DIR themselves. A launcher that ends the
# ranks after the first has left may tell the code of those that it killed. An error that would come again counts most, then what all ranks
# agreed on, then a lost peer; where no rank could write anything there is only the launcher's.
verdict() {
  local own
  for own in 2 3 4 1 143 130 75; do
    if [ "$1" != 0 ] && grep -qsx "$own" "$2"/*; then echo "$own"; return; fi
  done
  meaning_of "$1"
}

# saved_step RUN: the step of the newest checkpoint that the run's log tells of, by its completion or by a resumption from it; -1 for none. This
# is what counts as progress: a run that trains on but never comes to save would repeat the same steps for ever.
saved_step() {
  local step=''
  if [ -r "$1/log.jsonl" ]; then
    step=$(tac "$1/log.jsonl" | grep -E -m 1 '"kind": *"(saved|resume)"' |
      sed -n -e 's/.*"saved_step": *\([0-9][0-9]*\).*/\1/p;t' -e 's/.*"step": *\([0-9][0-9]*\).*/\1/p' || true)
  fi
  echo "${step:--1}"
}

# value_of --KEY WORDS...: what a command gives for an option; nothing where it does not.
value_of() {
  local key=$1
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      "$key") echo "${2-}"; return ;;
      "$key"=*) echo "${1#"$key"=}"; return ;;
    esac
    shift
  done
}

# judge RUN: after an attempt that ended with 75. `best`: the newest saved step so far; `failures`: attempts in a row that left it there.
judge() {
  local step
  step=$(saved_step "$1")
  if [ "$step" -gt "$best" ]; then failures=0 best=$step; else failures=$((failures + 1)); fi
}

# pause_after FAILURES BASE MOST: seconds to wait after so many attempts in a row without progress: the base, doubled with each, up to MOST.
pause_after() {
  local pause=$2 i
  for ((i = 1; i < $1 && pause < $3; i++)); do pause=$((2 * pause)); done
  echo $((pause < $3 ? pause : $3))
}

# on_signals FUNCTION: has FUNCTION called with TERM, INT, USR1 or USR2 when that signal comes.
on_signals() {
  local signal
  for signal in TERM INT USR1 USR2; do
    # shellcheck disable=SC2064  # the names are meant now
    trap "trapped=yes; $1 $signal" "$signal"
  done
}

# wait_through PID: waits for a child whatever signals come meanwhile; its exit code in `code`.
# shellcheck disable=SC2034  # `code` is the caller's
wait_through() {
  while :; do
    trapped='' code=0
    wait "$1" || code=$?
    [ -n "$trapped" ] || break
  done
}
