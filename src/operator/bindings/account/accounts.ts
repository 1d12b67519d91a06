import type { Trust, TrustAccount } from "../../../rules/bindings/index.ts";
import { BoundAccount, type BoundContext, type Drifted } from "./account.ts";

/** Unlike any account of a trust that is there, which is looked at each minute. Milliseconds. */
const unused = 300_000;

/** An open account, and when it was asked for last. */
interface Opened {
  readonly account: BoundAccount;
  usedAt: number;
}

/** The accounts of all trusts, each opened when it is first asked for, and closed some time after nobody asks any more. */
export class BoundAccounts {
  readonly #context: BoundContext;
  readonly #open = new Map<string, Opened>();
  readonly #followers = new Set<Drifted>();

  constructor(context: BoundContext) {
    this.#context = context;
  }

  of(trust: Trust, account: TrustAccount): BoundAccount {
    const key = JSON.stringify([trust.stack, trust.issuer, trust.formerIssuers, trust.audiences, account]);
    const now = this.#context.clock.elapsed();
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.usedAt = now;
      return known.account;
    }
    this.#closeUnused(now);
    const opened = new BoundAccount(this.#context, trust, account, (binding) => {
      for (const follower of this.#followers) follower(binding);
    });
    this.#open.set(key, { account: opened, usedAt: now });
    return opened;
  }

  /** Calls back with each binding one of whose roles is seen to be changed; gives the function that ends that. */
  subscribe(drifted: Drifted): () => void {
    this.#followers.add(drifted);
    return () => this.#followers.delete(drifted);
  }

  /** A trust that was changed or deleted leaves what was opened for it before. */
  #closeUnused(now: number): void {
    for (const [key, { account, usedAt }] of this.#open) {
      if (now - usedAt < unused) continue;
      account.close();
      this.#open.delete(key);
    }
  }

  close(): void {
    for (const { account } of this.#open.values()) account.close();
    this.#open.clear();
  }
}
