#!/usr/bin/env bash
# Makes what the arm64 machine boots: OUT/vmlinuz and OUT/disk.raw, a small Debian 12 with systemd and OpenSSH, and the keys
# of its sshd and of whoever logs in. Run by build.ts, as root; no mount, no loop device.
#
#   disk.sh OUT MIRROR
#
# Packages are unpacked and not installed: their scripts would run for ten minutes in an emulator. What a script would
# have done that the machine needs stands below.
set -euo pipefail
out=$1 mirror=$2
root=$out/root
export LC_ALL=C
say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
# One program of the disk, in an emulator of processes.
emulated() { qemu-aarch64-static -0 "$1" -L "$root" "$root/$2" "${@:3}"; }

say "Debian's packages from $mirror"
# No initrd: NVMe and ext4 are part of Debian's kernel for clouds.
debootstrap --arch=arm64 --foreign --variant=minbase \
  --include=systemd-sysv,udev,kmod,openssh-server,zstd,libatomic1,linux-image-cloud-arm64 \
  bookworm "$root" "$mirror" >"$out/debootstrap.log" 2>&1 || { tail -20 "$out/debootstrap.log"; exit 1; }
for package in "$root"/var/cache/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --skip-old-files -C "$root" -f -
done
rm -rf "$root/debootstrap" "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/{doc,man,locale}
mv "$root"/boot/vmlinuz-* "$out/vmlinuz"

say "settings"
# Where debootstrap may not mount, it leaves links to this computer's own.
for folder in dev proc sys; do
  if [ -L "$root/$folder" ]; then rm "$root/$folder" && mkdir "$root/$folder"; fi
done
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
printf 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n' >>"$root/etc/passwd"
systemd-sysusers --root="$root"
ln -s mawk "$root/usr/bin/awk"
emulated ldconfig sbin/ldconfig -r "$root"
emulated depmod bin/kmod -b "$root" "$(ls "$root/lib/modules")"
install -d -m 700 "$root/root/.ssh"
for key in login ssh_host_ed25519_key; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$out/$key"; done
cp "$out/login.pub" "$root/root/.ssh/authorized_keys"
mv "$out/ssh_host_ed25519_key" "$root/etc/ssh/"
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\n' >"$root/etc/ssh/sshd_config"
printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n' >"$root/etc/systemd/network/eth0.network"
printf '/dev/nvme0n1 / ext4 defaults 0 1\n' >"$root/etc/fstab"
printf 'arm64\n' >"$root/etc/hostname"
: >"$root/etc/machine-id"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
for unit in ssh systemd-networkd; do
  ln -s "/lib/systemd/system/$unit.service" "$root/etc/systemd/system/multi-user.target.wants/"
done
# What wakes up by itself would do so in the middle of a test.
for timer in apt-daily apt-daily-upgrade e2scrub_all fstrim dpkg-db-backup; do
  ln -s /dev/null "$root/etc/systemd/system/$timer.timer"
done

say "the disk"
truncate -s 2G "$out/disk.raw"
mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -d "$root" "$out/disk.raw"
rm -rf "$root"
say "done: $(du -m "$out/disk.raw" | cut -f1) MB"
