import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { until } from "../support/until.ts";

/** A build of a Kubernetes on a slow machine, beside others, milliseconds. */
const maxBuild = 3_600_000;

/**
 * A socket of this name that no other process can have while this one runs, or undefined. It is in no folder (unix(7), abstract
 * names), so that the kernel gives it back however its process ends.
 */
async function claimOf(folder: string): Promise<Server | undefined> {
  const name = createHash("sha256").update(folder).digest("hex");
  const server = createServer().unref();
  try {
    server.listen(`\0podtrust-build-${name}`);
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}

/**
 * Builds into a folder in one process of all that want it: who comes while another builds waits until that has ended, and builds
 * where nothing came of it. Throws what `build` throws.
 */
export async function buildInOneProcess(
  folder: string,
  isBuilt: () => boolean,
  build: () => Promise<void>,
): Promise<void> {
  const claim = await until(
    `what another process builds is in ${folder}`,
    async () => isBuilt() || (await claimOf(folder)),
    { everyMs: 1000, withinMs: maxBuild },
  );
  if (claim === true) return;
  try {
    if (!isBuilt()) await build();
  } finally {
    claim.close();
  }
}
