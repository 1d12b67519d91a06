import { atDoor } from "../errors/index.ts";
import type { StandInCluster, StandInClusterOptions } from "./types.ts";

/**
 * Starts a stand-in cluster on loopback: the part of the Kubernetes API that `kubectl create token` and the publisher
 * need, over HTTPS under a CA of its own. It has no pods, no RBAC objects and no watch, and refuses the rest by
 * name.
 *
 * @example
 * ```ts
 * await using cluster = await startStandInCluster({ issuer: "https://oidc.example.test" });
 * const token = cluster.createToken({ namespace: "shop", name: "cart", audiences: ["sts.amazonaws.com"] });
 * ```
 */
export function startStandInCluster(options: StandInClusterOptions): Promise<StandInCluster> {
  // The code that writes certificates loads slower than all of AWS, and most sandboxes do not need it.
  return atDoor(async () => (await import("./cluster.ts")).openCluster(options));
}
