#!/usr/bin/env bash
# A real, private Slurm on this machine: munged, slurmctld and N slurmd, without systemd or a database.
#
#   slurm_sandbox.sh start [N]     start with N (default 2) nodes, node1 to nodeN
#   slurm_sandbox.sh fail I        end node I's slurmd and its steps at once, as a reclaimed spot instance would
#   slurm_sandbox.sh resume I      start node I's slurmd again
#   slurm_sandbox.sh stop
#
# Clients need SLURM_CONF=$SANDBOX/slurm.conf. Needs root, slurm-wlm and munge. Everything lies in the folder SANDBOX (which must be given,
# and on whose way nothing may be group or world writable without the sticky bit: munge insists) and on loopback.
# SANDBOX_CPUS and SANDBOX_GPUS invent what a node has (8 and 8), SANDBOX_PORT is the first of N + 1 ports (17800).
set -euo pipefail
dir=${SANDBOX:?the folder of the sandbox} cpus=${SANDBOX_CPUS:-8} gpus=${SANDBOX_GPUS:-8} port=${SANDBOX_PORT:-17800}
export SLURM_CONF=$dir/slurm.conf
die() { echo "slurm_sandbox.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "must be root"

# A daemon is ours when its pid file is in the sandbox and the live process has the sandbox on its command line. One that has ended may
# stay a zombie, whose command line is empty: `kill -0` would call it alive.
alive() { local pid; pid=$(cat "$1" 2>/dev/null) && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$dir"; }
# wait_for TENTHS CONDITION...
wait_for() {
  local i tenths=$1
  shift
  for ((i = 0; i < tenths; i++)); do ! "$@" || return 0; sleep 0.1; done
  return 1
}
tree() { local child; echo "$1"; for child in $(pgrep -P "$1" || true); do tree "$child"; done; }
# slurmstepd leaves slurmd's tree and rewrites its environment, but keeps slurmd's working folder: that tells whose it is.
stepds() {
  local pid
  for pid in $(pgrep -x slurmstepd || true); do
    case $(readlink "/proc/$pid/cwd" || true)/ in "$dir/${1:-}"*) echo "$pid" ;; esac
  done
}
# kill_steps [NODE/]: the steps (of one node) with all that they run; the list is made before the first kill.
kill_steps() {
  local pid all
  all=$(for pid in $(stepds "${1:-}"); do tree "$pid"; done)
  for pid in $all; do kill -KILL "$pid" 2>/dev/null || true; done
}

slurmd_start() {
  # A fresh instance: what a step that was ended hard has left (spmix_appdir_*) would make a requeued job's first step fail.
  rm -rf "${dir:?}/node$1"
  mkdir -p "$dir/node$1/tmp"
  # A host name of its own: OpenMPI names its shared-memory files by host name and local rank, so that two nodes of one name would map one
  # another's. The folder on the command line marks the process as ours.
  # shellcheck disable=SC2016  # the inner shell expands these
  unshare --uts sh -c 'hostname "$0" && exec slurmd -N "$0" -f "$1"' "node$1" "$dir/slurm.conf" ||
    die "slurmd $1 failed: see $dir/node$1/slurmd.log"
}

write_conf() {
  local i
  cat >"$dir/slurm.conf" <<CONF
ClusterName=sandbox
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# cred_expire: a requeued job waits so long before it may start again; the default is 120, and less than 5 is taken for it.
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CredType=cred/munge
# No cgroups: parentage tells a step's processes, and nothing is bound, so that CPUs can be invented.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
# As ParallelCluster: launch files must name the MPI that they want.
MpiDefault=none
# %n: two slurmd of one machine would share /tmp/spmix_appdir_*.
TmpFS=$dir/%n/tmp
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n/slurmd.log
ReturnToService=2
KillWait=10
SlurmdTimeout=${SANDBOX_SLURMD_TIMEOUT:-5}
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=2
GresTypes=gpu
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  for ((i = 1; i <= $1; i++)); do
    echo "NodeName=node$i NodeHostname=node$i NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=$cpus CoresPerSocket=$cpus RealMemory=4000" \
      "Gres=gpu:$gpus" >>"$dir/slurm.conf"
  done
  # slurmd sets up a cgroup plugin even where nothing uses cgroups, and detecting one fails where /sys/fs/cgroup is not mounted; this one is
  # never opened.
  echo "CgroupPlugin=cgroup/v1" >"$dir/cgroup.conf"
  # Slurm hands out indices of devices that exist: copies of /dev/null.
  for ((i = 0; i < gpus; i++)); do [ -e "$dir/gpu$i" ] || mknod -m 666 "$dir/gpu$i" c 1 3; done
  echo "Name=gpu File=$dir/gpu[0-$((gpus - 1))]" >"$dir/gres.conf"
}

all_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = "$1" ]; }
start() {
  local nodes=${1:-2} i
  ! alive "$dir/munged.pid" || die "already running in $dir"
  mkdir -p "$dir/state"
  chmod 755 "$dir"
  echo "$nodes" >"$dir/nodes"
  (umask 077; head -c 128 /dev/urandom >"$dir/munge.key")
  write_conf "$nodes"
  munged --socket="$dir/munge.socket" --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" \
    --seed-file="$dir/munged.seed"
  slurmctld -f "$dir/slurm.conf"
  for ((i = 1; i <= nodes; i++)); do slurmd_start "$i"; done
  wait_for 300 all_idle "$nodes" || die "nodes did not come up; see $dir/slurmctld.log and $dir/node*/slurmd.log"
}

no_jobs() { [ -z "$(squeue -h 2>/dev/null)" ]; }
gone() { ! alive "$1"; }
stop() {
  local file i nodes
  nodes=$(cat "$dir/nodes" 2>/dev/null || echo 0)
  if alive "$dir/slurmctld.pid"; then
    # The partition first: a job that requeues itself must not start again.
    scontrol update PartitionName=main State=DOWN || true
    scancel -u root || true
    wait_for 150 no_jobs || true
  fi
  for file in slurmctld $(for ((i = 1; i <= nodes; i++)); do echo "node$i/slurmd"; done) munged; do
    alive "$dir/$file.pid" || continue
    kill "$(cat "$dir/$file.pid")"
    wait_for 50 gone "$dir/$file.pid" || kill -KILL "$(cat "$dir/$file.pid")"
  done
  kill_steps
}

case ${1:-} in
  start | stop) "$@" ;;
  resume) slurmd_start "${2:?number of a node}" ;;
  fail)
    kill_steps "node${2:?number of a node}/"
    ! alive "$dir/node$2/slurmd.pid" || kill -KILL "$(cat "$dir/node$2/slurmd.pid")"
    ;;
  *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
