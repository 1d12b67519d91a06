import type { Clock } from "../core/base/index.ts";
import type { AccountPlace, Decision, DecisionFilter, Seed, StandInAccount } from "./aws/index.ts";
import { MovableClock, type SandboxClock } from "./clock/index.ts";
import { Issuers, type IssuersOptions, type SandboxIssuer } from "./issuers.ts";

/** An account of a sandbox. Nothing of it is shared with another account: neither roles nor keys, decisions, clock or issuers. */
export interface SandboxAccount extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL; the same for every account of a sandbox. */
  readonly url: string;
  /** Twelve digits, which stand in its ARNs. */
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** By it tokens and sessions expire and changes spread; `advance` moves it. */
  readonly clock: SandboxClock;
  /** Those of the last thousand decisions that fit, oldest first. */
  decisions(filter?: DecisionFilter): readonly Decision[];
  /** Makes what a seed says; throws `sandbox-seed`. STS sees it at once. */
  seed(seed: Seed): Promise<void>;
  /** Ends IAM's propagation: STS sees all roles as they stand. */
  spread(): Promise<void>;
  /** The stand-in cluster's issuer, or another one of this URL, started when it is first asked for. */
  issuer(url?: string): Promise<SandboxIssuer>;
  /**
   * Empties the account, forgets decisions and issuers' documents, puts the clock back and mends the issuers. The
   * administrator's keys stay.
   */
  reset(): Promise<void>;
  /** Ends it and its issuers. */
  close(): Promise<void>;
}

/** The account's own clock and issuers, before there is an account. */
export class AccountSurroundings {
  readonly clock: MovableClock;
  readonly issuers: Issuers;
  /** Those whose kept documents are forgotten when an issuer is no longer what it was. */
  readonly #readers: { forgetIssuers(): void }[] = [];

  constructor(unmoved: Clock | undefined, issuers: Pick<IssuersOptions, "algorithm" | "foreign" | "url">) {
    this.clock = new MovableClock(unmoved);
    this.issuers = new Issuers({
      ...issuers,
      clock: this.clock,
      changed: () => {
        for (const reader of this.#readers) reader.forgetIssuers();
      },
    });
  }

  /** Has what another relying party kept of an issuer forgotten, too. */
  alsoReadBy(reader: { forgetIssuers(): void }): void {
    this.#readers.push(reader);
  }

  get place(): AccountPlace {
    return { clock: this.clock, routeTo: this.issuers.routeTo };
  }

  /** The account as tests have it; `end` is what ends it beside its issuers. */
  around(account: StandInAccount, url: string, end: () => Promise<void> | void): SandboxAccount {
    this.alsoReadBy(account);
    const { clock, issuers } = this;
    const close = async (): Promise<void> => {
      await end();
      await issuers.close();
    };
    return {
      url,
      account: account.account,
      admin: account.admin,
      clock,
      decisions: (filter) => account.decisions(filter),
      seed: (seed) => account.seed(seed),
      spread: () => account.spread(),
      issuer: async (wanted) => issuers.get(wanted),
      async reset() {
        await issuers.mend();
        clock.restore();
        await account.reset();
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}
