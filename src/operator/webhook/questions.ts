import { PodtrustError } from "../../core/base/index.ts";
import type { ReviewClient } from "./review-client.ts";

/** Concurrent questions to the API server: clients of the webhook cannot make us ask more often. */
const maxUnderWay = 32;
/** Of one share of an address, so that no share takes them all. */
const maxOfShare = 8;
/** That wait for their turn, of all; beyond that the one whose turn comes last is refused. */
const maxWaiting = 1024;

/**
 * A connection that has not asked yet comes before those that had their turn within so many questions: who asks all the time
 * does not go before it, and who makes new connections all the time does not go before those that last.
 */
const newcomersLead = 512;

/** An address, or one of its shares, while it asks. */
interface Share {
  /** The number of its last question; 0 before the first. */
  turn: number;
  asking: number;
  underWay: number;
}

/** A question, and whose it is. */
interface QueuedQuestion {
  readonly client: ReviewClient;
  /** The number of the client's last question. */
  readonly turn: number;
  readonly address: Share;
  readonly share: Share;
}

interface WaitingQuestion extends QueuedQuestion {
  readonly give: () => void;
  readonly refuse: (reason: Error) => void;
}

/** Below zero where the first has its turn before the second: whoever had none for longest, address, share and connection. */
function compare(a: QueuedQuestion, b: QueuedQuestion): number {
  return a.address.turn - b.address.turn || a.share.turn - b.share.turn || a.turn - b.turn;
}

/**
 * Limits concurrent questions. Addresses take turns, shares of an address, and in a share connections: a thousand questions
 * of one wait for each other, and delay no other, whatever share they claim to be of.
 */
export class Questions {
  /** By address, and by address and name. */
  readonly #shares = new Map<string, Share>();
  readonly #waiting = new Set<WaitingQuestion>();
  #underWay = 0;
  #turns = 0;

  /** Rejects as `question` does, with the signal's reason while it waits, and with `cluster-not-ready` if too many wait. */
  async ask<T>(
    client: ReviewClient,
    name: string,
    question: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const keys = [client.address, `${client.address} ${name}`] as const;
    const turn = client.turn ?? this.#turns - newcomersLead;
    const asked = { client, turn, address: this.#enter(keys[0]), share: this.#enter(keys[1]) };
    try {
      if (this.#underWay < maxUnderWay && asked.share.underWay < maxOfShare) this.#begin(asked);
      else await this.#turn(asked, name, signal);
      try {
        return await question();
      } finally {
        this.#underWay -= 1;
        asked.share.underWay -= 1;
        this.#next();
      }
    } finally {
      for (const key of keys) this.#leave(key);
    }
  }

  #turn(asked: QueuedQuestion, name: string, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener("abort", gone);
      };
      const refuse = (reason: Error): void => {
        end();
        reject(reason);
      };
      const gone = (): void => refuse(signal.reason as Error);
      const waiting: WaitingQuestion = {
        ...asked,
        refuse,
        give: () => {
          end();
          resolve();
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", gone, { once: true });
      if (this.#waiting.size > maxWaiting) this.#refuseLast(name);
    });
  }

  #refuseLast(name: string): void {
    const [first, ...others] = this.#waiting;
    let last = first;
    for (const one of others) if (last === undefined || compare(one, last) >= 0) last = one;
    const sentence = `${name} is not asked about: ${maxWaiting} other questions wait`;
    last?.refuse(new PodtrustError("cluster-not-ready", sentence, { detail: { reason: "not-ready" } }));
  }

  #begin({ client, address, share }: QueuedQuestion): void {
    this.#turns += 1;
    for (const one of [client, address, share]) one.turn = this.#turns;
    this.#underWay += 1;
    share.underWay += 1;
  }

  /** Hands out free places. */
  #next(): void {
    while (this.#underWay < maxUnderWay) {
      let first: WaitingQuestion | undefined;
      for (const one of this.#waiting)
        if (one.share.underWay < maxOfShare && (first === undefined || compare(one, first) < 0)) first = one;
      if (first === undefined) return;
      this.#begin(first);
      first.give();
    }
  }

  #enter(key: string): Share {
    const share = this.#shares.get(key) ?? { turn: 0, asking: 0, underWay: 0 };
    share.asking += 1;
    this.#shares.set(key, share);
    return share;
  }

  #leave(key: string): void {
    const share = this.#shares.get(key);
    if (share === undefined) return;
    share.asking -= 1;
    if (share.asking === 0) this.#shares.delete(key);
  }
}
