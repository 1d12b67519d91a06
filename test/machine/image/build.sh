#!/usr/bin/env bash
# Makes the disk that the machine boots from, by its boot sector as a cloud's own image: Debian 12 with cloud-init, systemd
# and OpenSSH, and with the given programs in /opt/stand-in, in OUT/disk.raw. Run by build.ts, as root; no mount, no loop
# device.
#
#   build.sh OUT MIRROR SECURITY-MIRROR PROGRAM…
set -euo pipefail
out=$1 mirror=$2 security=$3
shift 3
root=$out/root
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

say "Debian's base from $mirror"
debootstrap --variant=minbase --include=systemd-sysv,udev,dbus,ca-certificates bookworm "$root" "$mirror" >"$out/debootstrap.log" 2>&1 ||
  { tail -20 "$out/debootstrap.log"; exit 1; }

say "packages"
# Nobody reads manuals in there.
cat >"$root/etc/dpkg/dpkg.cfg.d/small" <<'EOF'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
EOF
cat >"$root/etc/apt/sources.list" <<EOF
deb $mirror bookworm main
deb $security bookworm-security main
EOF
# The kernel's image is made for this one machine: the modules that it needs to find its disk, and no others.
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\n' >"$root/etc/initramfs-tools/conf.d/machine"
printf 'virtio_pci\nvirtio_blk\next4\ncrc32c_generic\n' >"$root/etc/initramfs-tools-modules"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
inside apt-get update -qq
# By debootstrap itself cloud-init would stay unconfigured, and then never run without a word.
inside apt-get install -y -qq --no-install-recommends initramfs-tools zstd >/dev/null 2>&1
mv "$root/etc/initramfs-tools-modules" "$root/etc/initramfs-tools/modules"
# shellcheck disable=SC2046
inside apt-get install -y -qq --no-install-recommends $(cat "$(dirname "$0")/packages") >"$out/apt.log" 2>&1 ||
  { tail -20 "$out/apt.log"; exit 1; }

say "settings"
rm "$root/usr/sbin/policy-rc.d"
# Otherwise cloud-init generates one, which takes a package and a minute.
printf 'locale: C.UTF-8\n' >"$root/etc/cloud/cloud.cfg.d/90-machine.cfg"
inside apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/etc/ssh/ssh_host_* "$root"/var/log/*.log
: >"$root/etc/machine-id"
printf 'nameserver %s\n' 185.12.64.2 >"$root/etc/resolv.conf"
printf 'LABEL=machine / ext4 defaults 0 1\n' >"$root/etc/fstab"
mkdir -p "$root/opt/stand-in"
cp "$@" "$root/opt/stand-in"
inside systemctl enable -q systemd-networkd ssh
# What wakes up by itself would do so in the middle of a test, in an emulator.
inside systemctl mask -q apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  dpkg-db-backup.timer systemd-networkd-wait-online.service unattended-upgrades.service
ln -s "$(basename "$root"/boot/vmlinuz-*)" "$root/boot/vmlinuz"
ln -s "$(basename "$root"/boot/initrd.img-*)" "$root/boot/initrd"

say "the disk"
# The boot sector, GRUB's core behind it, and a partition of 8 GiB from the first MiB on.
cat >"$out/grub.cfg" <<'EOF'
set root=(hd0,msdos1)
linux /boot/vmlinuz root=LABEL=machine rw console=ttyS0 quiet net.ifnames=0 mitigations=off
initrd /boot/initrd
boot
EOF
grub-mkimage -O i386-pc -o "$out/core.img" -p '(hd0,msdos1)/boot/grub' -c "$out/grub.cfg" biosdisk part_msdos ext2 linux boot
{
  head -c 446 /usr/lib/grub/i386-pc/boot.img
  printf '\x80\x00\x02\x00\x83\xff\xff\xff\x00\x08\x00\x00\x00\x00\x00\x01'
  head -c 48 /dev/zero
  printf '\x55\xaa'
  cat "$out/core.img"
} >"$out/disk.raw"
truncate -s 8193M "$out/disk.raw"
mkfs.ext4 -q -F -L machine -E offset=1048576,lazy_itable_init=1,lazy_journal_init=1,nodiscard -d "$root" "$out/disk.raw" 8G
rm -rf "$root" "$out/core.img" "$out/grub.cfg"
say "done: $(du -m "$out/disk.raw" | cut -f1) MB"
