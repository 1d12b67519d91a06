import type { HetznerApi } from "./client.ts";
import { type HostKeys, withHostKeys } from "./host-key-label.ts";
import { readServer } from "./server-power.ts";

/**
 * Remembers in a server's labels which host keys it may show; its other labels stay. A server that is gone is ignored.
 */
export async function rememberHostKeys(
  api: HetznerApi,
  id: number,
  keys: HostKeys,
  signal: AbortSignal,
): Promise<void> {
  const server = await readServer(api, id, signal);
  if (server === undefined) return;
  const body = { labels: withHostKeys(server.labels, keys) };
  const during = `remembering the host key of server ${server.name}`;
  await api.change({ method: "PUT", path: `servers/${id}`, body, during }, signal);
}
