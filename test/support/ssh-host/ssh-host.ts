import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import {
  cutSessions,
  heldSession,
  type SessionFault,
  type WatchedSession,
  watchedSessions,
  watchedStart,
  watchSessions,
} from "./watched-sessions.ts";
import { until } from "../until.ts";

const sshd = "/usr/sbin/sshd";

/** Why no sshd can be had here; undefined where one can. `root` is what takes root, where something does. */
export function whyNoSshHost(root?: string): string | undefined {
  if (root !== undefined && userInfo().uid !== 0) return `${root}: only root can`;
  if (process.platform !== "linux") return "sessions with folders of their own need Linux";
  if (!existsSync(sshd)) return "sshd is not installed (Debian: openssh-server)";
  try {
    execFileSync("unshare", [...namespace(), "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no mount namespace can be made here (unshare)";
  }
}

/** A process of this machine that looks, over SSH, like one with empty disks. */
export interface SshHost {
  readonly port: number;
  readonly user: string;
  /** The private key that may log in. */
  readonly keyFile: string;
  /** `SHA256:…` of its Ed25519 key. */
  readonly hostKey: string;
  /** What stands for its root directory: `etc`, `opt`, `usr/local`, `var/lib`, `root`, `home`, `run`. */
  readonly root: string;
  /** Replaces a program by a script of ours, on the PATH of every session. */
  program(name: string, script: string): Promise<void>;
  /** A file as its sessions see it; undefined where there is none. */
  file(path: string): Promise<string | undefined>;
  /** Makes a folder below the root a disk of its own, of that size (`64k`); what was in it is hidden. Needs root. */
  small(path: string, size: string): Promise<void>;
  /** Another size for a disk of its own. */
  resize(path: string, size: string): void;
  /**
   * From now on its sessions are in the mount, process and UTS namespaces of a process of this machine, which has bound `folders`
   * over its own.
   */
  join(pid: number): Promise<void>;
  /** Counts sessions from now on, from 1, and has something happen at one of them. */
  watch(at?: number, fault?: SessionFault): Promise<void>;
  /** The sessions since then, in their order. */
  sessions(): Promise<readonly WatchedSession[]>;
  /** How many of them were cut by `each call`. */
  cuts(): Promise<number>;
  /** Of the session that is held. */
  held(): { readonly hasBegun: boolean; readonly hasEnded: boolean };
  /** Stops and starts it; its host keys may have changed. */
  restart(): Promise<void>;
  /** Ends every connection, as a cut cable does. */
  cut(): void;
  stop(): Promise<void>;
}

/** Folders of the root directory that a host has of its own. */
export const hostFolders = ["etc", "opt", "usr/local", "var/lib", "root", "home", "run"];

function namespace(): readonly string[] {
  const own = ["-m", "-n", "-p", "-f", "--mount-proc"];
  return userInfo().uid === 0 ? own : ["-U", "-r", ...own];
}

/** What of a session is said before what the client wants: whose programs it finds first, and where it begins. */
const surroundings = (bin: string): string =>
  `export PATH=${bin}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd /root`;

// One session: the folders over the machine's own, then what the client wants. Where the host has processes of its own, it is
// one more of them.
const inside = (root: string, bin: string, watched: string): string => `#!/bin/sh
R='${root}'
export SSH_ORIGINAL_COMMAND R
session() {
  if [ -f '${root}.init' ]; then
    exec nsenter --target "$(cat '${root}.init')" --mount --pid --uts -- sh -c '
${surroundings(bin)}
exec sh -c "$SSH_ORIGINAL_COMMAND"
'
  fi
  unshare ${namespace().join(" ")} sh -c '
mount --all --fstab "$R.fstab" || exit 90
if [ -f /run/stand-in/boot-id ]; then mount --bind /run/stand-in/boot-id /proc/sys/kernel/random/boot_id || exit 91; fi
${surroundings(bin)}
exec sh -c "$SSH_ORIGINAL_COMMAND"
'
}
${watchedStart(watched)}`;

async function keyIn(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  return file;
}

function fingerprint(file: string): string {
  return execFileSync("ssh-keygen", ["-lf", `${file}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "";
}

async function untilListening(port: number): Promise<void> {
  await until(`sshd speaks on port ${port}`, async () => {
    const socket = connect(port, "127.0.0.1");
    const answer = await Promise.race([
      once(socket, "data").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return answer;
  });
}

// Programs that would touch the machine that the tests run on.
const standIns: Readonly<Record<string, string>> = {
  sudo: 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
  chown: "exit 0",
  systemctl: "exit 0",
};

/** Starts it; the caller stops it. */
export async function startSshHost(): Promise<SshHost> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-sshd-"));
  const root = join(folder, "root");
  const bin = join(folder, "bin");
  const watched = join(folder, "watched");
  const small: string[] = [];
  for (const one of [...hostFolders, "etc/ssh"]) await mkdir(join(root, one), { recursive: true });
  await mkdir(bin);
  for (const file of ["passwd", "group", "nsswitch.conf"])
    await cp(join("/etc", file), join(root, "etc", file));
  const [hostKeyFile, keyFile] = [
    await keyIn(join(root, "etc/ssh"), "ssh_host_ed25519_key"),
    await keyIn(folder, "login"),
  ];
  await cp(`${keyFile}.pub`, join(folder, "authorized"));
  // All in one call: of a session's start a call of mount for each would be most.
  const binds = hostFolders.map((one) => `${join(root, one)} /${one} none bind 0 0\n`);
  await writeFile(`${root}.fstab`, binds.join(""));
  await writeFile(join(folder, "inside"), inside(root, bin, watched));
  await chmod(join(folder, "inside"), 0o755);
  const port = await freePort();
  const config = `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${hostKeyFile}
AuthorizedKeysFile ${join(folder, "authorized")}
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
ForceCommand ${join(folder, "inside")}
# The login shell begins with what the person who runs the tests has in a ~/.bashrc; here it finds none.
SetEnv HOME=${folder}
LogLevel VERBOSE
`;
  await writeFile(join(folder, "sshd_config"), config);
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true });
  let child: ChildProcess;
  let watching: NodeJS.Timeout | undefined;
  const start = async (): Promise<void> => {
    child = spawn(sshd, ["-D", "-e", "-f", join(folder, "sshd_config")], { stdio: "ignore", detached: true });
    await untilListening(port);
  };
  const cut = (): void => {
    // ps fails where there is none, and one may end by itself meanwhile.
    const args = ["-o", "pid=", "--ppid", String(child.pid)];
    const { stdout } = spawnSync("ps", args, { encoding: "utf8" });
    for (const pid of stdout.trim().split(/\s+/u)) if (pid !== "") spawnSync("kill", ["-KILL", pid]);
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    // Each connection is a session of its own, and would go on.
    cut();
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await closed;
  };
  // One that reboots is away for a while.
  let back: NodeJS.Timeout | undefined;
  const reboot = async (): Promise<void> => {
    await end();
    back = setTimeout(() => void start(), 700);
  };
  const host: SshHost = {
    port,
    user: userInfo().username,
    keyFile,
    hostKey: fingerprint(hostKeyFile),
    root,
    async program(name, script) {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    },
    file: (path) => readFile(join(root, path), "utf8").catch(() => undefined),
    async restart() {
      await end();
      await start();
    },
    cut,
    async small(path, size) {
      await mkdir(join(root, path), { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", join(root, path)]);
      small.push(join(root, path));
    },
    join: (pid) => writeFile(`${root}.init`, String(pid)),
    resize: (path, size) => void execFileSync("mount", ["-o", `remount,size=${size}`, join(root, path)]),
    watch: (at, fault) => watchSessions(watched, at, fault),
    sessions: () => watchedSessions(watched),
    cuts: () => cutSessions(watched),
    held: () => heldSession(watched),
    async stop() {
      clearInterval(watching);
      clearTimeout(back);
      await end();
      for (const path of small) execFileSync("umount", ["--lazy", path]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (const [name, script] of Object.entries(standIns)) await host.program(name, script);
  await start();
  const asked = join(root, "run", "ask-host");
  // What a stand-in cannot do from where it runs: sshd reads its files again, or goes away and comes back.
  watching = setInterval(() => {
    if (!existsSync(asked)) return;
    const word = readFileSync(asked, "utf8").trim();
    rmSync(asked);
    if (word === "reload") child.kill("SIGHUP");
    if (word === "reboot") void reboot();
  }, 20);
  return host;
}
