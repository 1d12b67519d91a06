import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { parseFlags, type RunningLook } from "../../rules/distribution/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import { staticContainer } from "./runtime.ts";

/** The API server that a kubelet runs as a static pod. */
export interface StaticApiServer {
  /** The unix socket of the container runtime. */
  readonly runtime: string;
  /** The name of its pod: `kube-apiserver-cp-1`. */
  readonly pod: string;
  readonly port: number;
  /** Its manifest. */
  readonly manifest: string;
}

const portText = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

/**
 * The words of a process, where it is in the machine's own network and owns a socket that listens on the port. The kernel says
 * both: `/proc/net/tcp` has the inodes of sockets in the state 0A, and the process' own folder those that it holds open.
 * Source: https://docs.kernel.org/networking/proc_net_tcp.html
 */
const processScript = (pid: number, port: number): string => `set -eu
process=/proc/${pid}
[ "$(readlink $process/ns/net)" = "$(readlink /proc/self/ns/net)" ] || { echo 'network -'; exit 0; }
listening=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | sed -n 's/^ *[0-9]*: [0-9A-F]*:${portText(port)} [0-9A-F]*:0000 0A [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* \\([0-9]*\\) .*/\\1/p')
held=$(ls -l $process/fd 2>/dev/null | sed -n 's/.* -> socket:\\[\\([0-9]*\\)\\]$/\\1/p')
for one in $listening; do
  if printf '%s\\n' "$held" | grep -qx "$one"; then
    printf 'words %s\\n' "$(base64 -w0 <$process/cmdline)"
    exit 0
  fi
done
`;

/**
 * When files became what they are, the last of them: the kernel's own time of a change, which nobody sets. Milliseconds since the
 * epoch; those that are not there count nothing.
 */
export async function changedAt(
  machine: ServerMachine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  // BusyBox knows no parts of a second, and prints something else for them.
  const words = paths.map(shellWord).join(" ");
  const script = `for file in ${words}; do
  stat -L -c 'at %.3Z' "$file" 2>/dev/null || true
  stat -L -c 'at %Z' "$file" 2>/dev/null || true
done
`;
  const output = await machine.run(`looking at ${paths[0] ?? ""}`, script, signal);
  const times = [...output.matchAll(/^at (\d+(?:\.\d+)?)$/gmu)].map(([, seconds]) => Number(seconds));
  // Without a time no process is young enough.
  return times.length === 0 ? Infinity : Math.round(Math.max(...times) * 1000);
}

/** That no API server runs, or not yet: whoever waits asks again. */
function noServer({ text }: ServerMachine, why: string): PodtrustError {
  return new PodtrustError("server-process", `${text}: ${why}`, { detail: { machine: text } });
}

/**
 * What the API server of a static pod runs with: the command line of the process that owns the listening socket of its port, and
 * whose container the runtime calls by the pod's name and from a file. Throws `server-process` where none such runs, `ssh-*`,
 * `host-*`.
 */
export async function runningStaticPod(
  machine: ServerMachine,
  { runtime, pod, port, manifest }: StaticApiServer,
  signal: AbortSignal,
): Promise<RunningLook> {
  const meant = { socket: runtime, pod, container: "kube-apiserver" };
  const look = await staticContainer(machine, meant, signal);
  const unseen = async (why: string): Promise<RunningLook> => ({
    kind: "not-looked-at",
    why,
    startsSince: await changedAt(machine, [manifest], signal),
  });
  if (look.kind === "not-asked") return unseen(look.why);
  if (look.kind === "none") throw noServer(machine, `no container of pod kube-system/${pod} runs`);
  const output = await machine.run("looking at its API server", processScript(look.pid, port), signal);
  if (output.startsWith("network")) return unseen("its API server is in a network of its own");
  const [line] = fieldsOf(output, "words");
  if (line === undefined || line === "")
    throw noServer(machine, `the API server's process does not listen on port ${port}`);
  return { kind: "seen", flags: parseFlags(line.replace(/\0$/u, "").split("\0")) };
}
