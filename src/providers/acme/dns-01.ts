import { type ChallengeSolver, dnsDigest, type PresentedChallenge } from "./solver.ts";

/**
 * A DNS provider, for proofs by TXT records. `name` is absolute, without a dot at its end. `setTxt` adds a value and
 * leaves others of the name as they are (a name and its wildcard are proved under one record name); when the value is
 * there already it changes nothing. `clearTxt` removes that one value, if it is there.
 */
export interface TxtRecords {
  setTxt(name: string, value: string, signal?: AbortSignal): Promise<void>;
  clearTxt(name: string, value: string): Promise<void>;
}

export interface Dns01Options {
  readonly records: TxtRecords;
  /** Resolves once validators will see the record; at once by default. */
  readonly waitForPropagation?: (name: string, value: string, signal?: AbortSignal) => Promise<void>;
}

function record(challenge: PresentedChallenge): { name: string; value: string } {
  return {
    name: `_acme-challenge.${challenge.identifier.value}`,
    value: dnsDigest(challenge.keyAuthorization),
  };
}

/** DNS-01 (RFC 8555 §8.4) by way of TXT records. */
export function dns01Solver(options: Dns01Options): ChallengeSolver {
  const { records } = options;
  return {
    type: "dns-01",
    async present(challenge, signal) {
      const { name, value } = record(challenge);
      try {
        await records.setTxt(name, value, signal);
        await options.waitForPropagation?.(name, value, signal);
      } catch (error) {
        // The caller must get the first failure, even when clearing fails after it.
        await records.clearTxt(name, value).catch(() => {});
        throw error;
      }
    },
    async cleanup(challenge) {
      const { name, value } = record(challenge);
      await records.clearTxt(name, value);
    },
  };
}
