import { defined } from "../../../core/base/index.ts";
import { rootPathFunctions } from "../root-paths.ts";
import { type SshSession, stepFailure } from "../session.ts";

/** What a k3s server cannot recreate: the key that signs tokens, and the token that opens its datastore. */
export interface K3sSigningKeys {
  /** PEM; with several keys the first one signs. */
  readonly serviceKey?: Buffer;
  readonly token?: Buffer;
}

// https://docs.k3s.io/cli/certificate and https://docs.k3s.io/cli/token
const script = `set -eu
${rootPathFunctions}
for name in tls/service.key token; do
  # Each is a hundredth of this.
  file=$(root_file "/var/lib/rancher/k3s/server/$name" 0 65536)
  [ ! -f "$file" ] || echo "$name $(base64 -w0 <"$file")"
done
`;

/**
 * Reads them as root, over the streams of the connection alone; none where there is no k3s server. Throws `ssh-*`,
 * `host-*`.
 */
export async function readK3sSigningKeys(session: SshSession, signal: AbortSignal): Promise<K3sSigningKeys> {
  const result = await session.run(script, { timeoutMs: 60_000, signal });
  if (result.code !== 0)
    throw stepFailure(session.target, "reading the keys that the cluster signs with", result);
  const found = new Map(
    result.stdout.split("\n").map((line) => {
      const [name = "", text = ""] = line.split(" ");
      return [name, Buffer.from(text, "base64")] as const;
    }),
  );
  const [serviceKey, token] = [found.get("tls/service.key"), found.get("token")];
  return {
    ...defined({ serviceKey, token }),
  };
}
