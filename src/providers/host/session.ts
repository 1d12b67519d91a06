import { once } from "node:events";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ChildProcess } from "node:child_process";
import { isPathThere } from "../../core/files/index.ts";
import {
  type Clock,
  defined,
  errorText,
  type Readiness,
  PodtrustError,
  SharedWork,
  shellWord,
  until,
  type Environment,
} from "../../core/base/index.ts";
import { type Ended, type Feed, runSsh, sshOptions, startSsh } from "./ssh.ts";
import { type PrivateFolder, privateFolder } from "./private-folder.ts";
import { refusedPath } from "./root-paths.ts";
import { relayTo } from "./socket-relay.ts";
import { sshFailure } from "./ssh-failure.ts";
import { type SshTarget, targetText } from "./target.ts";

export interface RunOptions {
  /** What the script reads on its standard input. */
  readonly stdin?: Feed;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called with each line that the script prints, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Run as the user that logged in; as root by default. */
  readonly asUser?: true;
}

/** How a script on the machine ended. */
export interface ScriptResult {
  /** 0 to 254. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PutOptions {
  /** Octal, such as 0o644. */
  readonly mode: number;
  /** `root:root` by default. */
  readonly owner?: string;
  readonly signal?: AbortSignal;
}

/** A port of this machine that leads to an address of the other. */
export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * One connection to a machine, shared by everything that is done there. What is run is a POSIX shell script; it is sent
 * on standard input, so that none of it appears in a list of processes, here or there. A lost connection is made anew
 * by the next call; what was under way throws `ssh-lost`.
 */
export interface SshSession {
  readonly target: SshTarget;
  /** Runs a script to its end; a code that is not 0 is an answer. Throws `ssh-*`, `host-not-root`. */
  run(script: string, options: RunOptions): Promise<ScriptResult>;
  /** Puts a file in place: whole or not at all. Bytes, or the name of a file of this machine. */
  put(
    path: string,
    content: Uint8Array | string | { readonly file: string },
    options: PutOptions,
  ): Promise<void>;
  /** Forwards a port of loopback to `HOST:PORT` as the machine sees it. */
  forward(remote: string, options?: ForwardOptions): Promise<Forward>;
  /** The arguments of an ssh on this connection, for a person's own terminal. */
  arguments(): Promise<readonly string[]>;
  /** Resolves once the present connection has ended; keeps the process alive until then. */
  lost(): Promise<void>;
  close(): Promise<void>;
}

export interface ForwardOptions {
  /** A free one by default. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

export interface SessionOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly target: SshTarget;
  /** File with the machine's pinned key. */
  readonly knownHosts: string;
  /** The machine's name in that file. */
  readonly alias: string;
}

const connectMs = 60_000;
const oneLine = (lines: readonly string[]): string => lines.join("; ");

const endMark = "# end of podtrust's script";

// The script comes first on standard input, as the number of its bytes and then itself, and what it reads follows.
// `dd` takes exactly as much, whatever the pipe has: in one block where it knows `fullblock` (GNU, BusyBox), else byte by
// byte, which is a processor's tenth of a second for a long script. 255 is ssh's own. To a machine a connection
// that is lost looks like the end of its input: half a script is not run, for half a line may say anything.
const receiver = oneLine([
  "IFS= read -r n",
  's=$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null || dd bs=1 count="$n" 2>/dev/null)',
  `case $s in *"${endMark}") ;; *) exit 254 ;; esac`,
  '(eval "$s")',
  "c=$?",
  '[ "$c" -lt 255 ] || c=254',
  'exit "$c"',
]);

function sent(script: string, stdin: Feed | undefined): Feed {
  const bytes = Buffer.from(`${script}\n${endMark}`);
  const head = Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
  return async (input) => {
    input.write(head);
    if (typeof stdin === "function") await stdin(input);
    else if (stdin !== undefined) input.write(stdin);
  };
}

function portTaken(port: number, error: unknown): PodtrustError {
  return new PodtrustError(
    "ssh-failed",
    `port ${port} of this machine cannot be forwarded: ${errorText(error)}`,
    {
      next: "Name another port, or end what listens there.",
      cause: error,
    },
  );
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const muxWords = /^mux_client|Session open refused/mu;
const noSudo = /^sudo: |sudo: command not found|sudo: not found/mu;

/** Lets the process end though the child runs. */
function unrefChild(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    if (stream instanceof Socket) stream.unref();
}

class Session implements SshSession {
  readonly #options: SessionOptions;
  #folder: PrivateFolder | undefined;
  #master: { readonly child: ChildProcess; readonly socket: string } | undefined;
  #opening: SharedWork<string> | undefined;
  #forwards = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get target(): SshTarget {
    return this.#options.target;
  }

  #arguments(socket: string, more: readonly string[]): readonly string[] {
    const { target, knownHosts, alias } = this.#options;
    return [...more, ...sshOptions({ target, knownHosts, alias, socket }), "--", target.address];
  }

  /** The socket of the shared connection, which is made if necessary. */
  async #socket(signal?: AbortSignal): Promise<string> {
    const { child, socket } = this.#master ?? {};
    if (child !== undefined && socket !== undefined && isRunning(child)) return socket;
    const before = this.#opening;
    this.#opening = SharedWork.again(before, async (own) => {
      // An ssh that ends removes the socket, even where another has just made it anew.
      await before?.ended();
      try {
        return await this.#connect(own);
      } finally {
        if (this.#opening === opening) this.#opening = undefined;
      }
    });
    const opening = this.#opening;
    return opening.wait(signal);
  }

  async #connect(signal: AbortSignal): Promise<string> {
    const { env, clock, target } = this.#options;
    this.#folder ??= await privateFolder();
    const socket = join(this.#folder.path, "s");
    await rm(socket, { force: true });
    const own = ["-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-o", "ClearAllForwardings=yes"];
    // Its far end reads what never comes, and ends when this process does, however that ends.
    const child = await startSsh("ssh", [...this.#arguments(socket, own), "exec cat >/dev/null"], env);
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-65_536)));
    let isOver = false;
    const closed = once(child, "close").then(() => (isOver = true));
    // The socket exists once the machine has accepted a key.
    const look = async (): Promise<Readiness<true>> => {
      if (await isPathThere(socket)) return { is: true };
      if (isOver) throw sshFailure(target, said);
      return { waitsFor: "a key to be accepted" };
    };
    const late = (): PodtrustError => sshFailure(target, "Connection timed out");
    try {
      await until({ clock, withinMs: connectMs, delays: [20], signal, look, late });
    } catch (error) {
      child.kill();
      await closed;
      throw error;
    }
    unrefChild(child);
    this.#master = { child, socket };
    return socket;
  }

  async #ssh(more: readonly string[], command: readonly string[], options: RunOptions): Promise<Ended> {
    const socket = await this.#socket(options.signal);
    const { stdin, timeoutMs, signal, onLine } = options;
    const args = [...this.#arguments(socket, ["-o", "ControlMaster=no", ...more]), ...command];
    return runSsh("ssh", args, {
      env: this.#options.env,
      timeoutMs,
      ...defined({ stdin, signal, onLine }),
    });
  }

  async run(script: string, options: RunOptions): Promise<ScriptResult> {
    const { target } = this;
    const isRoot = options.asUser === true || target.user === "root";
    const command = [...(isRoot ? [] : ["sudo", "-n", "--"]), "sh", "-c", shellWord(receiver)];
    const ended = await this.#ssh(["-o", "ClearAllForwardings=yes"], command, {
      ...options,
      stdin: sent(script, options.stdin),
    });
    options.signal?.throwIfAborted();
    const { code, stdout, stderr } = ended;
    if (code === undefined) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw new PodtrustError(
        "host-wait-missed",
        `${targetText(target)}: a step took longer than ${seconds} s`,
        {
          detail: { seconds },
        },
      );
    }
    // The connection was up, and no script ends so: standard error may hold the script's own words.
    if (code === 255) throw sshFailure(target, muxWords.test(stderr) ? stderr : "Connection closed");
    if (!isRoot && code !== 0 && noSudo.test(stderr)) {
      const said = stderr.split("\n").find((line) => noSudo.test(line)) ?? "";
      throw new PodtrustError("host-not-root", `${targetText(target)} may not become root (${said.trim()})`);
    }
    return { code, stdout, stderr };
  }

  async put(
    path: string,
    content: Uint8Array | string | { readonly file: string },
    options: PutOptions,
  ): Promise<void> {
    const { mode, owner = "root:root", signal } = options;
    const temporary = `${path}.podtrust-new`;
    const words = { path: shellWord(path), new: shellWord(temporary), owner: shellWord(owner) };
    const isFile = typeof content === "object" && "file" in content;
    const size = isFile ? (await stat(content.file)).size : Buffer.byteLength(content);
    const script = `set -eu
umask 077
mkdir -p -m 0755 "$(dirname ${words.path})"
trap 'rm -f ${words.new.replaceAll("'", String.raw`'\''`)}' EXIT
cat >${words.new}
if [ "$(wc -c <${words.new})" -ne ${size} ]; then echo 'the connection was lost' >&2; exit 1; fi
chown ${words.owner} ${words.new}
chmod ${mode.toString(8)} ${words.new}
sync ${words.new} 2>/dev/null || sync
mv -f ${words.new} ${words.path}
`;
    const stdin: Feed = isFile
      ? (input) => pipeline(createReadStream(content.file), input, { end: false })
      : content;
    const result = await this.run(script, {
      stdin,
      timeoutMs: 600_000,
      ...defined({ signal }),
    });
    if (result.code !== 0) throw stepFailure(this.target, `writing ${path}`, result);
  }

  async forward(remote: string, { port = 0, signal }: ForwardOptions = {}): Promise<Forward> {
    const folder = dirname(await this.#socket(signal));
    this.#forwards += 1;
    const path = join(folder, `f${this.#forwards}`);
    const relay = await relayTo(path, port).catch((error: unknown) => {
      throw portTaken(port, error);
    });
    const rule = `${path}:${remote}`;
    const options = { timeoutMs: 15_000, ...defined({ signal }) };
    try {
      const { code, stderr } = await this.#ssh(["-O", "forward", "-L", rule], [], options);
      if (code !== 0) throw sshFailure(this.target, stderr);
    } catch (error) {
      relay.close();
      throw error;
    }
    const child = this.#master?.child;
    child?.once("exit", relay.close);
    return {
      port: relay.port,
      close: async () => {
        relay.close();
        child?.off("exit", relay.close);
        if (child === undefined || child !== this.#master?.child || !isRunning(child)) return;
        await this.#ssh(["-O", "cancel", "-L", rule], [], { timeoutMs: 15_000 });
      },
    };
  }

  async arguments(): Promise<readonly string[]> {
    const socket = await this.#socket();
    return this.#arguments(socket, ["-o", "ControlMaster=no", "-o", "ClearAllForwardings=yes"]);
  }

  async lost(): Promise<void> {
    const child = this.#master?.child;
    if (child === undefined || !isRunning(child)) return;
    child.ref();
    await once(child, "exit");
  }

  async close(): Promise<void> {
    await this.#opening?.ended();
    const { child } = this.#master ?? {};
    this.#master = undefined;
    if (child !== undefined && isRunning(child)) {
      child.ref();
      const closed = once(child, "close");
      child.kill();
      await closed;
    }
    await this.#folder?.remove();
    this.#folder = undefined;
  }
}

const fullDisk = /No space left on device|Disk quota exceeded/u;

/** The error of a script that failed: `host-command-failed`, `host-disk-full`, or `host-path-refused`. */
export function stepFailure(target: SshTarget, what: string, result: ScriptResult): PodtrustError {
  const refused = refusedPath(target, result);
  if (refused !== undefined) return refused;
  const { code, stdout, stderr } = result;
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  const last = lines.slice(-5).join("\n  ").slice(-2000);
  if (fullDisk.test(stderr)) {
    return new PodtrustError(
      "host-disk-full",
      `${targetText(target)}, ${what}: no space is left on the disk`,
    );
  }
  const words = last === "" ? "" : `:\n  ${last}`;
  return new PodtrustError(
    "host-command-failed",
    `${targetText(target)}, ${what}: it failed (exit code ${code})${words}`,
    {
      detail: { what, code },
    },
  );
}

/** A session to a machine; connects when it is first used. */
export function openSession(options: SessionOptions): SshSession {
  return new Session(options);
}
