import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { type ApiServerFlags, loggedWords, parseFlags } from "../../rules/distribution/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";

// A container's process is one of the machine's. Its name has 14 letters, of which the kernel keeps 15.
const processScript = `
for folder in /proc/[0-9]*; do
  if [ "$(cat "$folder/comm" 2>/dev/null)" = kube-apiserver ]; then
    printf 'process %s\\n' "$(base64 -w0 <"$folder/cmdline" 2>/dev/null)"
  fi
done
`;

// k3s runs the API server inside its own process and logs with what. A journal that forgot is started over by a restart.
const logScript = `
start=$(systemctl show -p InvocationID --value k3s 2>/dev/null || true)
if [ -n "$start" ]; then
  line=$(journalctl -o cat _SYSTEMD_INVOCATION_ID="$start" 2>/dev/null | grep 'Running kube-apiserver ' | tail -n 1) || true
  if [ -n "$line" ]; then printf 'line %s\\n' "$(printf %s "$line" | base64 -w0)"; fi
fi
`;

/**
 * The words with which the API server runs on a machine: those of its process, or what k3s logged when it started its own. Throws
 * `server-process` where none runs, or two: one that ends beside the one that begins.
 */
export async function flagsOfProcess(
  machine: ServerMachine,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const output = await machine.run("looking at its API server", `${processScript}${logScript}`, signal);
  const lines = fieldsOf(output, "line").map(loggedWords);
  const commands = fieldsOf(output, "process")
    .filter((command) => command !== "")
    .map((command) => command.replace(/\0$/u, "").split("\0"));
  const [words, ...more] = [...lines, ...commands];
  if (words !== undefined && more.length === 0) return words;
  const count = words === undefined ? "no" : `${more.length + 1}`;
  throw new PodtrustError("server-process", `${machine.text}: ${count} API servers run`, {
    detail: { machine: machine.text, count: words === undefined ? 0 : more.length + 1 },
  });
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
