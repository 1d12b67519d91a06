import type { Cause } from "../../src/core/base/index.ts";
import { discoveryFaults, jwksFaults, tokenFaults } from "./document-faults.ts";
import type { Fault } from "./fault.ts";
import { nameFaults } from "./name-faults.ts";
import { reachabilityFaults, tlsFaults } from "./network-faults.ts";

/** One fault for each cause of the catalogue, in a real part; that none lacks is a matter of types. */
export const faults: Readonly<Record<Cause, Fault>> = {
  ...discoveryFaults,
  ...jwksFaults,
  ...tokenFaults,
  ...nameFaults,
  ...tlsFaults,
  ...reachabilityFaults,
};
