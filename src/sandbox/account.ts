import type { Clock } from "../core/base/index.ts";
import type { AccountDeps, Decision, DecisionFilter, Seed, StandInAccount } from "./aws/index.ts";
import { forms } from "./errors/index.ts";
import { MovableClock, type SandboxClock } from "./clock/index.ts";
import { Issuers, type IssuersOptions, type SandboxIssuer } from "./issuers.ts";

/** An account of a sandbox. It shares nothing with other accounts: roles, keys, decisions, clock and issuers are its own. */
export interface SandboxAccount extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL; the same for every account of a sandbox. */
  readonly url: string;
  /** Twelve digits, part of its ARNs. */
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The clock by which tokens and sessions expire and changes spread; `advance` moves it. */
  readonly clock: SandboxClock;
  /** Of the last thousand decisions, those that match the filter, oldest first. */
  decisions(filter?: DecisionFilter): readonly Decision[];
  /** Creates what a seed describes; throws `sandbox-seed`. STS sees it at once. */
  seed(seed: Seed): Promise<void>;
  /** Ends IAM's propagation: STS sees all roles as they are. */
  spread(): Promise<void>;
  /** The stand-in cluster's issuer, or another one with this URL, started on first use. */
  issuer(url?: string): Promise<SandboxIssuer>;
  /**
   * Empties the account, forgets decisions and issuers' documents, resets the clock and ends the issuers' faults. The
   * administrator's keys stay.
   */
  reset(): Promise<void>;
  /** Ends it and its issuers. */
  close(): Promise<void>;
}

/** The account's own clock and issuers, needed before the account exists. */
export class AccountSurroundings {
  readonly clock: MovableClock;
  readonly issuers: Issuers;
  /** Caches to clear when an issuer changes. */
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

  /** Clears another relying party's cache of an issuer, too. */
  alsoReadBy(reader: { forgetIssuers(): void }): void {
    this.#readers.push(reader);
  }

  get place(): AccountDeps {
    return { clock: this.clock, routeTo: this.issuers.routeTo };
  }

  /** The account as tests use it; `end` is what ends it beside its issuers. */
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
      async issuer(wanted) {
        if (wanted !== undefined) forms.anyText(wanted, "issuer: the URL");
        return issuers.get(wanted);
      },
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
