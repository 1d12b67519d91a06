import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import type { SshHost } from "./ssh-host.ts";

const status = (issuer: object, ready: boolean): string =>
  JSON.stringify({ ready, unready: ready ? [] : ["prod: nothing can be published yet"], issuers: [issuer] });

/** What a publisher does when it is started as a service: a script that may write its status, and fail. */
export const goodPublisher: string = `cat >/run/stand-in/publisher <<'END'
${status({ documents: {}, certificate: {} }, true)}
END`;

/** One that runs and gets nothing published. */
export const unreadyPublisher: string = `cat >/run/stand-in/publisher <<'END'
${status({ certificate: {} }, false)}
END`;

/** A program that stands for the publisher's, as far as a machine asks it. */
export function publisherProgram(label: string, service = goodPublisher): string {
  return `#!/bin/sh
# ${label}
case "$*" in
  --version) echo '${label}' ;;
  'rotate status '*--json*) cat /run/stand-in/publisher 2>/dev/null || { echo '{"code":"publisher-not-running"}'; exit 1; } ;;
  'rotate '*) echo "asked: $*" ;;
  'renew-token '*) [ ! -e /run/stand-in/no-api ] && mkdir -p /var/lib/podtrust-publisher-token && echo secret >/var/lib/podtrust-publisher-token/token ;;
  service) rm -f /run/stand-in/publisher; echo '${label} starts' >>/run/stand-in/journal
${service}
    ;;
  *) echo "stand-in publisher does not know: $*" >&2; exit 1 ;;
esac
`;
}

/** Writes a release of that program for both architectures, as \`npm run release\` does. */
export async function writeRelease(folder: string, version: string, program: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const sum = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const packed = zstdCompressSync(program);
  for (const architecture of ["x64", "arm64"]) {
    const name = `podtrust-publisher-${version}-linux-${architecture}`;
    await writeFile(join(folder, `${name}.zst`), packed);
    await writeFile(
      join(folder, `${name}.zst.sha256`),
      `${sum(packed)}  ${name}.zst\n${sum(program)}  ${name}\n`,
    );
  }
}

// What systemd says of units, and a list of what was asked of it.
const systemctl = `
units=/run/stand-in/units
program=/opt/podtrust/publisher/current/podtrust-publisher
mkdir -p $units
echo "systemctl $*" >>/run/stand-in/calls
command=$1
shift
now=
if [ "\${1-}" = --now ]; then now=1; shift; fi
case $command in
  is-active) if [ -f "$units/$1.active" ]; then echo active; else echo inactive; exit 3; fi ;;
  is-enabled) if [ -f "$units/$1.enabled" ]; then echo enabled; else echo disabled; exit 1; fi ;;
  enable) for unit; do : >"$units/$unit.enabled"; [ -z "$now" ] || : >"$units/$unit.active"; done ;;
  disable) for unit; do rm -f "$units/$unit.enabled" "$units/$unit.active"; done; rm -f /run/stand-in/publisher ;;
  stop) for unit; do rm -f "$units/$unit.active"; done ;;
  start) "$program" renew-token -f x ;;
  restart)
    # What systemd gives to a service while it runs.
    given=/run/credentials/$1
    rm -rf "$given"
    sed -n 's/^LoadCredential=//p' "/etc/systemd/system/$1" | while IFS=: read -r name path; do
      mkdir -p "$given"
      (umask 277 && cp "$path" "$given/$name")
    done
    cat "$program" /etc/podtrust/publisher.yaml | sha256sum >/run/stand-in/started
    rm -f "$units/$1.active"; "$program" service && : >"$units/$1.active" ;;
esac
`;

const programs: Readonly<Record<string, string>> = {
  systemctl,
  journalctl: "cat /run/stand-in/journal 2>/dev/null || true",
  chown: 'exec /bin/chown "$@"',
  groupadd: 'echo "$2:x:990:" >>/etc/group',
  groupdel: "exit 0",
  ldconfig: "echo libatomic.so.1",
  "apt-get": "exit 1",
};

/** Makes a host one on which the publisher can be set up. */
export async function standInForPublisher(host: SshHost): Promise<void> {
  await mkdir(join(host.root, "run/stand-in"), { recursive: true });
  for (const [name, script] of Object.entries(programs)) await host.program(name, script);
}
