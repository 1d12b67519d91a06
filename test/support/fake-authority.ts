import type { RenewalInfo } from "../../src/providers/acme/index.ts";
import type { Clock } from "../../src/core/base/index.ts";
import type { OpenAuthority } from "../../src/providers/tls/authority.ts";
import { testAuthority } from "./certificates.ts";

const day = 24 * 3_600_000;

/** What a CA of a test does, and what was asked of it. Directory URLs tell its environments apart. */
export interface FakeCas {
  readonly open: OpenAuthority;
  /** `account URL`, `obtain URL`, `obtain URL replacing`, `info URL`, in order. */
  readonly asked: string[];
  /** Errors by directory, thrown one after the other before certificates are given again. */
  readonly failures: Map<string, Error[]>;
  /** Errors of accounts, by directory, likewise. */
  readonly accountFailures: Map<string, Error[]>;
  /** What renewal information says, by directory; absent: no ARI. An Error is thrown. */
  readonly info: Map<string, RenewalInfo | Error>;
  /** Days that a certificate lives; 90 by default. */
  days: number;
  /** Milliseconds by which the CAs' clock is ahead of the test's. */
  ahead: number;
  /** Called before a certificate is given. */
  before: (signal: AbortSignal | undefined) => Promise<void>;
}

/** CAs that issue by the test's clock. */
export async function fakeCas(clock: Clock): Promise<FakeCas> {
  const authority = await testAuthority();
  const asked: string[] = [];
  const failures = new Map<string, Error[]>();
  const accountFailures = new Map<string, Error[]>();
  const info = new Map<string, RenewalInfo | Error>();
  const fakes: FakeCas = {
    asked,
    failures,
    accountFailures,
    info,
    days: 90,
    ahead: 0,
    before: () => Promise.resolve(),
    open: (_issuer, directory) => ({
      directory,
      account() {
        asked.push(`account ${directory}`);
        const failure = accountFailures.get(directory)?.shift();
        if (failure !== undefined) return Promise.reject(failure);
        return Promise.resolve({ directory, uri: `${directory}/account/1`, caaIdentities: ["ca.example"] });
      },
      async obtain(names, held, signal) {
        asked.push(`obtain ${directory}${held?.replaces === undefined ? "" : " replacing"}`);
        await fakes.before(signal);
        const failure = failures.get(directory)?.shift();
        if (failure !== undefined) throw failure;
        const notBefore = Math.floor((clock.now() + fakes.ahead) / 1000) * 1000;
        const notAfter = notBefore + fakes.days * day;
        const dates = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
        return { ...(await authority.issue(names, dates)), notBefore, notAfter };
      },
      renewalInfo() {
        asked.push(`info ${directory}`);
        const answer = info.get(directory);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      clockOffset: () => fakes.ahead,
    }),
  };
  return fakes;
}
