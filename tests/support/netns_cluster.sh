#!/usr/bin/env bash
# netns_cluster.sh - N network namespaces as N "hosts" on a rate-capped switch, for MPI tests on one machine.
#
#   netns_cluster.sh up [N] [RATE]      make N (default 2) nodes rmnode1..rmnodeN, each link capped at RATE (e.g. 1gbit; "none")
#   netns_cluster.sh rate RATE [I...]   change the cap of every link, or only of the links of nodes I...
#   netns_cluster.sh exec I CMD...      run CMD on node I (I=0: on the switch, i.e. a head node with address .254)
#   netns_cluster.sh mpirun NP ARGS...  mpirun NP ranks, one rank a node in turn (NC_MAP=ppr:2:node: two and two), TCP over the links
#   netns_cluster.sh status | down
#
# Layout: the bridge lives in a namespace of its own (rmnodesw, 10.78.0.254/24), node I is namespace rmnodeI with one
# interface "eth0" 10.78.0.I. Nothing is attached to the root namespace, so no packet can leave this machine.
# Each link has two tbf shapers (egress at both veth ends), so a link is full duplex at RATE each way.
# Needs root. Latency: `tc netem` where the kernel has it (NC_DELAY=1ms), else refused with a message.
set -euo pipefail
NET=${NC_NET:-10.78.0} PREFIX=${NC_PREFIX:-rmnode} DELAY=${NC_DELAY:-} BURST=${NC_BURST:-128kb} QUEUE=${NC_QUEUE:-5ms}
SELF=$(readlink -f "$0")
die() { echo "netns_cluster: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "must be root"
sw=${PREFIX}sw

nodes() { ip netns list | awk '{print $1}' | grep -E "^${PREFIX}[0-9]+$" | sed "s/^$PREFIX//" | sort -n || true; }

# shape NS DEV RATE: replace the root qdisc. tbf splits GSO packets by itself. A shallow queue (5 ms) keeps ACKs from waiting behind
# data: with 50 ms an Allreduce of 64 MiB got 63 % of the cap, with 5 ms 90 %.
shape() {
  ip netns exec "$1" tc qdisc del dev "$2" root 2>/dev/null || true
  local parent=(root)
  if [ "$3" != none ]; then
    ip netns exec "$1" tc qdisc add dev "$2" root handle 1: tbf rate "$3" burst "$BURST" latency "$QUEUE"
    parent=(parent 1:)
  fi
  [ -z "$DELAY" ] || ip netns exec "$1" tc qdisc add dev "$2" "${parent[@]}" netem delay "$DELAY" ||
    die "this kernel has no netem: leave NC_DELAY unset"
}

up() {
  local n=${1:-2} rate=${2:-1gbit} i
  [ -z "$(nodes)" ] || die "already up (run: $0 down)"
  # Undo a half-built cluster if a command fails, and say so.
  trap 'echo "netns_cluster: set-up failed, undoing" >&2; down' ERR
  ip netns add "$sw"
  ip -n "$sw" link set lo up
  ip -n "$sw" link add br0 type bridge
  ip -n "$sw" addr add "$NET.254/24" dev br0
  ip -n "$sw" link set br0 up
  for ((i = 1; i <= n; i++)); do
    # `ip netns exec` binds /etc/netns/NAME/hosts over /etc/hosts: every node can resolve every other one.
    mkdir -p "/etc/netns/$PREFIX$i"
    ip netns add "$PREFIX$i"
    ip -n "$PREFIX$i" link set lo up
    # veth pair made inside the switch's namespace; one end moves to the node, so the root namespace never sees it.
    ip -n "$sw" link add "p$i" type veth peer name eth0 netns "$PREFIX$i"
    ip -n "$sw" link set "p$i" master br0 up
    ip -n "$PREFIX$i" addr add "$NET.$i/24" dev eth0
    ip -n "$PREFIX$i" link set eth0 up
    shape "$PREFIX$i" eth0 "$rate"
    shape "$sw" "p$i" "$rate"
  done
  mkdir -p "/etc/netns/$sw"
  { echo "127.0.0.1 localhost"; echo "$NET.254 $sw"
    for ((i = 1; i <= n; i++)); do echo "$NET.$i $PREFIX$i"; done; } > "/etc/netns/$sw/hosts"
  for ((i = 1; i <= n; i++)); do cp "/etc/netns/$sw/hosts" "/etc/netns/$PREFIX$i/hosts"; done
  trap - ERR
}

down() {
  local ns pid
  for ns in $(nodes | sed "s/^/$PREFIX/") "$sw"; do
    [ -e "/run/netns/$ns" ] || continue
    for pid in $(ip netns pids "$ns"); do kill "$pid" 2>/dev/null || true; done   # only what runs inside our namespaces
    ip netns del "$ns"                                                            # also ends its veth, bridge and qdiscs
    rm -rf "/etc/netns/$ns"
  done
  rmdir /etc/netns 2>/dev/null || true
}

# on I CMD...: enter the namespace, and a UTS namespace whose host name is the node's, so that MPI sees distinct hosts.
on() {
  local ns=$PREFIX$1; [ "$1" != 0 ] || ns=$sw
  shift
  # shellcheck disable=SC2016  # the inner shell expands these
  exec ip netns exec "$ns" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$ns" "$@"
}

case ${1:-} in
  up) shift; up "$@"; "$SELF" status ;;
  down) down ;;
  rate)
    rate=${2:?rate}; shift 2
    [ $# -gt 0 ] || mapfile -t all < <(nodes)
    for i in "${@:-${all[@]}}"; do shape "$PREFIX$i" eth0 "$rate"; shape "$sw" "p$i" "$rate"; done ;;
  exec) shift; on "$@" ;;
  agent)  # plm_rsh_agent: called as `agent HOST COMMAND-LINE`; the command line is for a shell, as with ssh
    host=$2; shift 2; on "${host#"$PREFIX"}" sh -c "$*" ;;
  mpirun)
    np=${2:?number of ranks}; shift 2
    hosts=$(nodes | sed "s/.*/$PREFIX&:$np/" | paste -sd,)
    agent=$(mktemp)   # plm_rsh_agent wants one executable word
    printf '#!/bin/sh\nexec env NC_NET=%s NC_PREFIX=%s %s agent "$@"\n' "$NET" "$PREFIX" "$SELF" > "$agent"
    chmod 700 "$agent"; trap 'rm -f "$agent"' EXIT
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$SELF" exec 0 mpirun -np "$np" -H "$hosts" \
      --map-by "${NC_MAP:-node}" --bind-to none --mca plm rsh --mca plm_rsh_agent "$agent" --mca pml ob1 --mca btl tcp,self,vader \
      --mca btl_tcp_if_include "$NET.0/24" --mca oob_tcp_if_include "$NET.0/24" "$@" ;;
  status)
    for i in $(nodes); do
      printf '%s %s.%s  %s\n' "$PREFIX$i" "$NET" "$i" "$(ip netns exec "$PREFIX$i" tc qdisc show dev eth0 | head -1)"
    done ;;
  *) sed -n '2,16p' "$SELF"; exit 2 ;;
esac
