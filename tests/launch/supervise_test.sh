#!/usr/bin/env bash
# launch/supervise.sh with a command that behaves as told: what is started again, what is not, and how signals go through.
set -euo pipefail
supervise=$RINGMASTER_SOURCE/launch/supervise.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; cat "$work/out" 2>/dev/null; exit 1; }

# A command that takes the next word of $work/script at each start: CODE ends with it, save:CODE saves a further step first, and
# trap:CODE waits for a signal, writes its name to $work/signal and ends with CODE.
cat >"$work/command" <<'COMMAND'
#!/usr/bin/env bash
dir=$1
echo x >>"$dir/starts"
starts=$(wc -l <"$dir/starts")
word=$(cut -d ' ' -f "$starts" "$dir/script")
case $word in
  save:*) echo "{\"kind\": \"saved\", \"step\": 99, \"saved_step\": $((starts * 10)), \"write_s\": 0.1}" >>"$dir/run/log.jsonl" ;;
  trap:*)
    for signal in TERM INT USR1 USR2; do trap "echo $signal >>'$dir/signal'; exit ${word#trap:}" $signal; done
    echo ready >"$dir/ready"
    for ((i = 0; i < 600; i++)); do sleep 0.05; done ;;
esac
exit "${word#*:}"
COMMAND
chmod +x "$work/command"

# start WORDS...: a fresh run folder and script.
prepare() { rm -rf "$work/run" "$work/starts" "$work/signal" "$work/ready"; mkdir "$work/run"; echo "$*" >"$work/script"; }
starts() { wc -l <"$work/starts"; }
# expect CODE STARTS [OPTIONS...]: runs the script to its end.
expect() {
  local want=$1 count=$2 code=0
  shift 2
  timeout 60 "$supervise" --backoff 0 "$@" -- "$work/command" "$work" --run "$work/run" >"$work/out" 2>&1 || code=$?
  [ "$code" = "$want" ] || fail "$(cat "$work/script"): exit code $code, not $want"
  [ "$(starts)" = "$count" ] || fail "$(cat "$work/script"): started $(starts) times, not $count"
}

for code in 0 1 2 3 4 130 143 139; do
  prepare "$code 0"
  expect "$code" 1 # final
done
prepare "save:75 save:75 0"; expect 0 3
prepare "75 75 75 0"; expect 1 3 # a crash loop
grep -q 'giving up: 3 attempts' "$work/out" || fail "a crash loop must be named"
prepare "75 75 75 0"; expect 0 4 --attempts 4
prepare "75 75 save:75 75 75 0"; expect 0 6 # progress forgives what was before
prepare "75 save:75 75 75 75 0"; expect 1 5
prepare "137 save:138 255 save:140 2"; expect 2 5 # a rank that was ended from outside is a lost peer
# Saves of a step that was there before are no progress.
prepare "75 75 0"
echo '{"kind": "resume", "attempt": 2, "step": 500}' >"$work/run/log.jsonl"
expect 1 2 --attempts 2
grep -q 'newest: step 500' "$work/out" || fail "the newest step must be named"

# during SIGNAL CODE WANT STARTS: a signal to the supervisor while the command runs.
during() {
  prepare "trap:$2 0"
  timeout 60 "$supervise" --backoff 0 -- "$work/command" "$work" --run "$work/run" >"$work/out" 2>&1 &
  local timeout_pid=$! supervisor code=0 i
  for ((i = 0; i < 400; i++)); do [ ! -e "$work/ready" ] || break; sleep 0.05; done
  supervisor=$(pgrep -P "$timeout_pid")
  kill "-$1" "$supervisor"
  wait "$timeout_pid" || code=$?
  [ "$code" = "$3" ] || fail "$1: exit code $code, not $3"
  [ "$(cat "$work/signal")" = "$1" ] || fail "$1 arrived as $(cat "$work/signal")"
  [ "$(starts)" = "$4" ] || fail "$1: started $(starts) times, not $4"
}
during TERM 143 143 1
during TERM 75 75 1 # asked to stop: even what wants to be requeued stays down
during INT 130 130 1
during USR1 75 0 2
during USR2 75 0 2

# A signal between two attempts.
prepare "75 0"
timeout 60 "$supervise" --backoff 3600 --max-backoff 3600 -- "$work/command" "$work" --run "$work/run" >"$work/out" 2>&1 &
timeout_pid=$!
for ((i = 0; i < 400; i++)); do ! grep -q 'starting again in 3600 s' "$work/out" || break; sleep 0.05; done
kill -TERM "$(pgrep -P "$timeout_pid")"
code=0; wait "$timeout_pid" || code=$?
[ "$code" = 143 ] || fail "TERM between attempts: exit code $code"

# The pause doubles up to its bound.
# shellcheck source=launch/restart_rules.sh
. "$RINGMASTER_SOURCE/launch/restart_rules.sh"
[ "$(for n in 0 1 2 3 4 5 9; do pause_after $n 5 60; done | xargs)" = "5 5 10 20 40 60 60" ] || fail "pauses"

# What the ranks say counts for more than what a launcher makes of those that it killed.
# told LAUNCHER WANT CODES...
told() {
  rm -rf "$work/codes"; mkdir "$work/codes"
  local rank=0 code
  for code in "${@:3}"; do echo "$code" >"$work/codes/$rank"; rank=$((rank + 1)); done
  code=$(verdict "$1" "$work/codes")
  [ "$code" = "$2" ] || fail "launcher $1, ranks '${*:3}': $code, not $2"
}
told 143 75 75         # one lost its peer, the other was ended for it
told 137 75            # none could say anything
told 255 75
told 143 143           # killed before they could
told 143 2 2           # one refuses the configuration, the others were ended
told 75 143 143 75     # agreed to stop; one could not wait for the others
told 143 3 75 3 143
told 0 0 75            # of an attempt before

for wrong in "--attempts x -- true --run a" "--attempts 0 -- true --run a" "--frobnicate" "true" ""; do
  code=0
  # shellcheck disable=SC2086  # words are meant
  "$supervise" $wrong >"$work/out" 2>&1 || code=$?
  [ "$code" = 2 ] || fail "'$wrong': exit code $code, not 2"
done
echo "supervise.sh starts again what wants it, and nothing else"
