import { recordServers, TheftsRecord } from "../record/index.ts";
import type { ControlPlaneServer, PreviousFiles } from "../servers/index.ts";

/** A server, and what its files may be put back to. */
export interface ServerWayBack {
  readonly server: ControlPlaneServer;
  /** Undefined where nothing is kept, or what is kept would bring a stolen key back. */
  readonly previous: PreviousFiles | undefined;
}

/**
 * What podtrust's last change can be reverted to, on each server. Not on one that was shown to be through in an answer to a theft that is
 * not at its end: what is kept there has the stolen key. Throws `server-file-changed`.
 */
export async function waysBack(
  servers: readonly ControlPlaneServer[],
  signal: AbortSignal,
): Promise<readonly ServerWayBack[]> {
  const kept: ServerWayBack[] = [];
  for (const server of servers) kept.push({ server, previous: await server.files.previous(signal) });
  if (kept.every(({ previous }) => previous === undefined)) return kept;
  const { thefts } = await new TheftsRecord(recordServers(servers)).read(signal);
  const through = new Set(
    thefts.flatMap((theft) => (theft.endedAt === undefined ? Object.keys(theft.servers) : [])),
  );
  return kept.map(({ server, previous }) => ({
    server,
    previous: through.has(server.api.name) ? undefined : previous,
  }));
}
