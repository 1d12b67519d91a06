import type { Cause, ChainCause } from "../../src/core/reasons/index.ts";
import { discoveryFaults, jwksFaults, tokenFaults } from "./document-faults.ts";
import type { Fault } from "./fault.ts";
import { nameFaults } from "./name-faults.ts";
import { reachabilityFaults, tlsFaults } from "./network-faults.ts";

/** The causes that show from an issuer's URL. */
export type IssuerCause = Exclude<Cause, ChainCause>;

/** One fault for each of them, in a real part; that none lacks is a matter of types. */
export const faults: Readonly<Record<IssuerCause, Fault>> = {
  ...discoveryFaults,
  ...jwksFaults,
  ...tokenFaults,
  ...nameFaults,
  ...tlsFaults,
  ...reachabilityFaults,
};
