import process from "node:process";
import { whyNoCluster } from "../build.ts";

export { buildPrograms, type Programs } from "../build.ts";
export type { ApiServer, ServerKeys } from "./api-server.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export type { Answer, AskOptions } from "./https.ts";
export { type ChallengeDns, type Pebble, type PebbleOptions, startPebble } from "./pebble.ts";
export { freePorts } from "./ports.ts";
export type { SigningKey, SigningKeyType } from "./signing-key.ts";

/**
 * For `test(name, { skip: leftOut() })`: false where the real servers can be had, else the reason why the suite is
 * left out. With CI=true an error instead: there, nothing is left out.
 */
export function leftOut(): string | false {
  const reason = whyNoCluster();
  if (reason === undefined) return false;
  if (process.env["CI"] === "true") throw new Error(`the cluster suites cannot run: ${reason}`);
  return `left out: ${reason}`;
}
