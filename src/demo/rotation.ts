import type { Clock } from "../base/index.ts";
import type { StoryRotation } from "./story.ts";

/** The cluster's keys, as far as a rotation moves them. */
export interface RotatedKeys {
  /** A new key, published by the cluster and not yet signing. */
  create(): Promise<{ readonly kid: string }>;
  promote(kid: string): void;
  drop(kid: string): void;
  /** The kid that signs now. */
  signing(): string;
}

export interface RotationStage {
  readonly clock: Clock;
  readonly keys: RotatedKeys;
  /** Resolves when the publisher has looked at the cluster and serves what it saw. */
  published(): Promise<void>;
  /** Milliseconds for which AWS may keep a copy of the published keys. */
  readonly cacheMs: number;
  mint(): Promise<string>;
  /** Asks STS with a token; false when it is refused. */
  accepted(token: string): Promise<boolean>;
  readonly signal: AbortSignal;
}

const checkEvery = 100;

/** Asks STS with every live token, several times a second, until told to stop. */
class Checker {
  readonly #stage: RotationStage;
  readonly #tokens: string[] = [];
  readonly #done = new AbortController();
  checked = 0;
  refused = 0;

  constructor(stage: RotationStage) {
    this.#stage = stage;
  }

  add(token: string): void {
    this.#tokens.push(token);
  }

  async #check(token: string): Promise<void> {
    const accepted = await this.#stage.accepted(token);
    this.checked += 1;
    if (!accepted) this.refused += 1;
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#stage;
    while (!this.#done.signal.aborted && !signal.aborted) {
      await Promise.all(this.#tokens.map((token) => this.#check(token)));
      await clock.sleep(checkEvery, signal);
    }
  }

  stop(): void {
    this.#done.abort();
  }
}

function short(kid: string): string {
  return kid.length > 12 ? `${kid.slice(0, 12)}…` : kid;
}

/**
 * Rotates the signing key in the order that refuses nobody: published first, signing after, and the old key's
 * tokens good until they expire. A checker asks STS all the while.
 */
export async function showRotation(
  stage: RotationStage,
  tell: (step: string) => void,
): Promise<StoryRotation> {
  const checker = new Checker(stage);
  checker.add(await stage.mint());
  const checking = checker.run();
  try {
    const old = stage.keys.signing();
    const { kid } = await stage.keys.create();
    await stage.published();
    tell(`1. A new key ${short(kid)} is published beside ${short(old)}; it signs nothing yet.`);
    await stage.clock.sleep(stage.cacheMs, stage.signal);
    tell(`2. Every copy of the old JWK Set has run out (${stage.cacheMs / 1000} s here, by Cache-Control).`);
    stage.keys.promote(kid);
    checker.add(await stage.mint());
    tell("3. The new key signs. A token of each key is now in use.");
    await stage.clock.sleep(5 * checkEvery, stage.signal);
    stage.keys.drop(old);
    await stage.published();
    await stage.clock.sleep(stage.cacheMs + 5 * checkEvery, stage.signal);
    tell("4. The cluster forgot the old key. The publisher keeps it until its last token has expired.");
  } finally {
    checker.stop();
    await checking;
  }
  return { tokensChecked: checker.checked, refused: checker.refused };
}
