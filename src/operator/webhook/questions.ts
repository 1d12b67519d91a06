import { PodtrustError } from "../../core/base/index.ts";

/** Concurrent questions to the API server: clients of the webhook cannot make us ask more often. */
const maxUnderWay = 32;
/** Of one share, so that no share takes them all. */
const maxOfShare = 8;
/** Of one share that wait for their turn; beyond that they are refused. */
const maxWaiting = 256;

interface Share {
  underWay: number;
  readonly waiting: Set<() => void>;
}

/**
 * Limits concurrent questions. Shares take turns: a thousand questions of one share wait for each other, and delay no
 * other share.
 */
export class Questions {
  /** In the order of their turns. */
  readonly #shares = new Map<string, Share>();
  #underWay = 0;

  /** Rejects as `question` does, with the signal's reason while it waits, and with `cluster-not-ready` if too many wait. */
  async ask<T>(name: string, question: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const share = this.#shares.get(name) ?? { underWay: 0, waiting: new Set() };
    this.#shares.set(name, share);
    try {
      const waits = this.#turn(name, share, signal);
      if (waits !== undefined) await waits;
    } catch (error) {
      this.#leave(name, share);
      throw error;
    }
    try {
      return await question();
    } finally {
      this.#underWay -= 1;
      share.underWay -= 1;
      this.#leave(name, share);
      this.#next();
    }
  }

  /** Undefined if it can run at once. */
  #turn(name: string, share: Share, signal: AbortSignal): Promise<void> | undefined {
    if (this.#underWay < maxUnderWay && share.underWay < maxOfShare) {
      this.#begin(share);
      return undefined;
    }
    if (share.waiting.size >= maxWaiting) {
      const sentence = `${name} is not asked about: ${maxWaiting} other questions wait`;
      throw new PodtrustError("cluster-not-ready", sentence, { detail: { reason: "not-ready" } });
    }
    return new Promise<void>((resolve, reject) => {
      const give = (): void => {
        signal.removeEventListener("abort", gone);
        resolve();
      };
      const gone = (): void => {
        share.waiting.delete(give);
        reject(signal.reason as Error);
      };
      share.waiting.add(give);
      signal.addEventListener("abort", gone, { once: true });
    });
  }

  #begin(share: Share): void {
    this.#underWay += 1;
    share.underWay += 1;
  }

  /** Hands out free places, one to a share. */
  #next(): void {
    const names = [...this.#shares.keys()];
    for (const name of names) {
      const share = this.#shares.get(name);
      if (share === undefined || this.#underWay >= maxUnderWay) return;
      const [give] = share.waiting;
      if (give === undefined || share.underWay >= maxOfShare) continue;
      share.waiting.delete(give);
      this.#begin(share);
      // Its next turn comes after those of the others.
      this.#shares.delete(name);
      this.#shares.set(name, share);
      give();
    }
  }

  #leave(name: string, share: Share): void {
    if (share.underWay === 0 && share.waiting.size === 0) this.#shares.delete(name);
  }
}
