import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import {
  type ApiServerFlags,
  loggedWords,
  parseFlags,
  secretTokenKeyFile,
} from "../../rules/distribution/index.ts";
import { keysIfAny } from "./key-files.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";

type Component = "kube-apiserver" | "kube-controller-manager";

// The kernel keeps 15 letters of a process' name.
const namedLetters = 15;

// A container's process is one of the machine's. k3s runs both inside its own process and logs with what; a journal that forgot is
// started over by a restart.
const scriptFor = (component: Component): string => `
for folder in /proc/[0-9]*; do
  if [ "$(cat "$folder/comm" 2>/dev/null)" = ${component.slice(0, namedLetters)} ]; then
    printf 'process %s\\n' "$(base64 -w0 <"$folder/cmdline" 2>/dev/null)"
  fi
done
start=$(systemctl show -p InvocationID --value k3s 2>/dev/null || true)
if [ -n "$start" ]; then
  line=$(journalctl -o cat _SYSTEMD_INVOCATION_ID="$start" 2>/dev/null | grep 'Running ${component} ' | tail -n 1) || true
  if [ -n "$line" ]; then printf 'line %s\\n' "$(printf %s "$line" | base64 -w0)"; fi
fi
`;

/** The words of each process of a component that runs on a machine. */
async function commandsOf(
  machine: ServerMachine,
  component: Component,
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  const output = await machine.run(`looking at its ${component}`, scriptFor(component), signal);
  const commands = fieldsOf(output, "process").filter((command) => command !== "");
  return [
    ...fieldsOf(output, "line").map(loggedWords),
    ...commands.map((command) => command.replace(/\0$/u, "").split("\0")),
  ];
}

/**
 * The words with which the API server runs on a machine: those of its process, or what k3s logged when it started its own. Throws
 * `server-process` where none runs, or two: one that ends beside the one that begins.
 */
export async function flagsOfProcess(
  machine: ServerMachine,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [words, ...more] = await commandsOf(machine, "kube-apiserver", signal);
  if (words !== undefined && more.length === 0) return words;
  const count = words === undefined ? "no" : `${more.length + 1}`;
  throw new PodtrustError("server-process", `${machine.text}: ${count} API servers run`, {
    detail: { machine: machine.text, count: words === undefined ? 0 : more.length + 1 },
  });
}

/**
 * Key IDs with which the controller managers that run on a machine sign the tokens that they put into Secrets, by their flag
 * and the file as it is. Empty where none runs, none of them signs, or the file cannot be read.
 */
export async function controllerManagerKids(
  machine: ServerMachine,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const commands = await commandsOf(machine, "kube-controller-manager", signal);
  const files = [...new Set(commands.flatMap((words) => secretTokenKeyFile(words) ?? []))];
  if (files.length === 0) return [];
  const keys = (await keysIfAny(machine, files, signal)) ?? [];
  return keys.flatMap(([first]) => (first === undefined ? [] : [first.kid]));
}

/** An API server as the kubelet of its node mirrors it. */
export interface MirroredServer {
  readonly node: string;
  readonly flags: ApiServerFlags;
}

/**
 * The API servers that run as static pods, by what their kubelets mirror into kube-system: for a cluster whose machines are
 * not reached. Empty where there are none, as on k3s.
 */
export async function mirroredFlags(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<readonly MirroredServer[]> {
  const query = { kind: "Pod", namespace: "kube-system", labels: "component=kube-apiserver" } as const;
  const pods = await api.list(query, { signal });
  return pods.flatMap(({ metadata, ...pod }) => {
    if (metadata.annotations?.["kubernetes.io/config.mirror"] === undefined) return [];
    const spec = recordOf(pod["spec"]);
    const container = recordsOf(spec["containers"]).find(({ name }) => name === "kube-apiserver") ?? {};
    const words = [container["command"], container["args"]].flatMap((list) =>
      Array.isArray(list) ? list.map(String) : [],
    );
    return [{ node: textOf(spec["nodeName"]) ?? "", flags: parseFlags(words) }];
  });
}
