#!/usr/bin/env bash
# A double of nvidia-smi: a host with two GPUs, named after it. Answers the one question that the preflight asks.
[ "$*" = "--query-gpu=uuid,name,driver_version --format=csv,noheader" ] || { echo "fake_nvidia_smi.sh: unknown question: $*" >&2; exit 2; }
for i in 0 1; do echo "GPU-$(hostname)-$i, NVIDIA A100-SXM4-40GB, 570.86.15"; done
