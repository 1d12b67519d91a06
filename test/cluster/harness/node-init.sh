#!/bin/sh
# Process 1 of a test node: in mount and PID namespaces of its own, so that the kernel ends every process and
# takes away every mount of the node as soon as this one is gone. Gives the node the folders it expects at their
# usual places, of which nothing is seen outside; what it stores there stands in the folder given.
set -eu
state=$1 network=${2:-}

# As the machine numbers processes: its own /proc is still the one that is seen.
read -r pid _ </proc/self/stat
mount -t proc proc /proc

# Among each other the node's mounts propagate, as containers expect.
mount --make-rshared /

mkdir -p "$state/view"
mount -t tmpfs -o mode=0755 node "$state/view"
for folder in var/lib var/log; do
  upper=$state/view/$folder/upper work=$state/view/$folder/work
  mkdir -p "$upper" "$work"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$upper,workdir=$work" node "/$folder"
done
mount -t tmpfs -o mode=0755 node /run
for folder in var/lib/kubelet var/lib/containerd var/log/pods var/log/containers; do
  mkdir -p "$state/$folder" "/$folder"
  mount --bind "$state/$folder" "/$folder"
done

# The kubelet sets these for the whole machine; here it sets a copy.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  copy=$state/view/sysctl/$setting
  mkdir -p "${copy%/*}"
  cat "/proc/sys/$setting" >"$copy"
  mount --bind "$copy" "/proc/sys/$setting"
done

# A network of its own begins with nothing, and its settings are its own.
if [ -n "$network" ]; then
  ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_forward
fi

echo "ready $pid"
# Waiting buries the processes that lost their parent.
sleep infinity &
wait $!
