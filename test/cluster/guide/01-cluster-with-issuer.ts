import assert from "node:assert/strict";
import { startCluster, writePodtrustImages } from "../harness/index.ts";
import type { Guide } from "./world.ts";

/** Steps 2 and 4 of the guide: a cluster whose API server names the public issuer in its tokens. */
export async function step(guide: Guide): Promise<void> {
  const { issuer, closing } = guide;
  const cluster = await startCluster({
    issuer,
    jwksUri: `${issuer}/openid/v1/jwks`,
    podAddresses: "their own",
  });
  closing.defer(() => cluster.stop());
  guide.set("cluster", cluster);
  await cluster.node.importImage(writePodtrustImages(guide.folder).file);
  for (const name of ["demo-service-account", "another-service-account"])
    await cluster.kubectl(["create", "serviceaccount", name]);
  const { text } = await cluster.ask("/.well-known/openid-configuration");
  const discovery = JSON.parse(text) as { issuer: string; jwks_uri: string };
  assert.deepEqual([discovery.issuer, discovery.jwks_uri], [issuer, `${issuer}/openid/v1/jwks`]);
}
