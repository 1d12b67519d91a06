import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defined, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import { type K3sKubeconfig, k3sKubeconfigPath, readK3sKubeconfig } from "./k3s/kubeconfig.ts";
import { privateFolder } from "./private-folder.ts";
import { type ForwardOptions, type SshSession, stepFailure } from "./session.ts";
import { targetText } from "./target.ts";

/** The cluster of a machine, as this machine reaches it. */
export interface ForwardedCluster {
  /** The port of loopback that leads to its API. */
  readonly port: number;
  /** A kubeconfig of one context, of mode 0600 in a folder of its own; removed with the process. */
  readonly kubeconfig: string;
  /** Its content. */
  readonly content: JsonRecord;
  close(): Promise<void>;
}

const readScript = `set -eu
if [ ! -f ${k3sKubeconfigPath} ]; then exit 3; fi
cat ${k3sKubeconfigPath}
`;

const inBase64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig of our own, with the credentials of k3s's. */
function kubeconfigFor({ ca, user }: K3sKubeconfig, name: string, server: string): JsonRecord {
  const credentials =
    "token" in user
      ? { token: user.token }
      : { "client-certificate-data": inBase64(user.certificate), "client-key-data": inBase64(user.key) };
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": inBase64(ca) } }],
    users: [{ name, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

/**
 * Forwards a port to the API of the machine's k3s, whose certificate is for 127.0.0.1 as well, and gives the
 * administrator's kubeconfig for it. Throws `machine-absent`, `machine-kubeconfig`, `ssh-*`.
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
    ...defined({ signal }),
  });
  if (result.code === 3)
    throw new PodtrustError("machine-absent", `${where} has no k3s yet: it has no kubeconfig`);
  if (result.code !== 0) throw stepFailure(session.target, "reading k3s's kubeconfig", result);
  const found = readK3sKubeconfig(result.stdout);
  const forward = await session.forward(`127.0.0.1:${found.port}`, options);
  const content = kubeconfigFor(found, name, `https://127.0.0.1:${forward.port}`);
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
