import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, type JsonRecord, PodtrustError, recordOf } from "../base/index.ts";
import { readYaml, yamlText } from "../yaml/index.ts";
import { privateFolder } from "./private-folder.ts";
import { type ForwardOptions, type SshSession, stepFailure } from "./session.ts";
import { targetText } from "./target.ts";

/** The cluster of a machine, as this machine reaches it. */
export interface ForwardedCluster {
  /** The port of loopback that leads to its API. */
  readonly port: number;
  /** A kubeconfig of one context, of mode 0600 in a folder of its own; gone with the process. */
  readonly kubeconfig: string;
  /** Its content. */
  readonly content: JsonRecord;
  close(): Promise<void>;
}

const readScript = `set -eu
if [ ! -f /etc/rancher/k3s/k3s.yaml ]; then exit 3; fi
cat /etc/rancher/k3s/k3s.yaml
`;

const bounds = { bytes: 256 * 1024, depth: 16, tokens: 10_000 } as const;

const firstOf = (list: unknown, inner: string): JsonRecord =>
  recordOf(Array.isArray(list) ? recordOf(list[0])[inner] : undefined);

/** k3s's own kubeconfig with one name for all in it, and where this machine reaches the API. */
function kubeconfigFor(text: string, name: string, server: string): JsonRecord | undefined {
  const read = readYaml(text, bounds);
  if ("problems" in read || !isRecord(read.value)) return undefined;
  const { clusters, users } = read.value;
  const cluster = firstOf(clusters, "cluster");
  if (typeof cluster["certificate-authority-data"] !== "string") return undefined;
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { ...cluster, server } }],
    users: [{ name, user: firstOf(users, "user") }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

function portOf(text: string): number {
  const read = readYaml(text, bounds);
  const server =
    "problems" in read ? undefined : firstOf(recordOf(read.value)["clusters"], "cluster")["server"];
  const url = typeof server === "string" && URL.canParse(server) ? new URL(server) : undefined;
  return Number(url?.port === undefined || url.port === "" ? 6443 : url.port);
}

/**
 * Forwards a port to the API of the machine's k3s, whose certificate is for 127.0.0.1 as well, and gives the
 * administrator's kubeconfig for it. Throws `machine-absent`, `ssh-*`.
 */
export async function forwardCluster(
  session: SshSession,
  name: string,
  options: ForwardOptions = {},
): Promise<ForwardedCluster> {
  const where = targetText(session.target);
  const { signal } = options;
  const result = await session.run(readScript, {
    timeoutMs: 30_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code === 3)
    throw new PodtrustError("machine-absent", `${where} has no k3s yet: it has no kubeconfig`);
  if (result.code !== 0) throw stepFailure(session.target, "reading k3s's kubeconfig", result);
  const forward = await session.forward(`127.0.0.1:${portOf(result.stdout)}`, options);
  const content = kubeconfigFor(result.stdout, name, `https://127.0.0.1:${forward.port}`);
  if (content === undefined) {
    throw new PodtrustError(
      "host-command-failed",
      `${where}: /etc/rancher/k3s/k3s.yaml is not a kubeconfig of k3s`,
    );
  }
  const folder = await privateFolder();
  const kubeconfig = join(folder.path, "kubeconfig");
  await writeFile(kubeconfig, yamlText(content), { mode: 0o600 });
  return {
    port: forward.port,
    kubeconfig,
    content,
    async close() {
      await folder.remove();
      await forward.close().catch(() => {});
    },
  };
}
