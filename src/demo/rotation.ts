import { type Clock, PodtrustError } from "../base/index.ts";
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

/** What a rotation needs of the stage. */
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

  /** Asks with each token, now. */
  async ask(): Promise<void> {
    await Promise.all(
      this.#tokens.map(async (token) => {
        const accepted = await this.#stage.accepted(token);
        this.checked += 1;
        if (!accepted) this.refused += 1;
      }),
    );
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#stage;
    while (!this.#done.signal.aborted) {
      await this.ask();
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

async function rotate(stage: RotationStage, checker: Checker, tell: (step: string) => void): Promise<void> {
  const old = stage.keys.signing();
  const { kid } = await stage.keys.create();
  await stage.published();
  tell(`1. A new key ${short(kid)} is published beside ${short(old)}; it signs nothing yet.`);
  await stage.clock.sleep(stage.cacheMs, stage.signal);
  tell(`2. After ${stage.cacheMs / 1000} s (Cache-Control) nobody holds a JWK Set without the new key.`);
  stage.keys.promote(kid);
  checker.add(await stage.mint());
  await checker.ask();
  tell("3. The new key signs. A token of each key is now in use, and AWS accepts both.");
  stage.keys.drop(old);
  await stage.published();
  await stage.clock.sleep(stage.cacheMs, stage.signal);
  await checker.ask();
  tell("4. The cluster drops the old key; the publisher keeps it, so that its last tokens stay good.");
}

/**
 * Rotates the signing key in the order that refuses nobody: published first, signing after, and the old key's
 * tokens good until they expire. A checker asks STS all the while, and at the two moments that count: when the new
 * key begins to sign, and when every copy of the JWK Set was fetched after the cluster dropped the old one.
 *
 * Throws `demo-link-broken` when a valid token was refused.
 */
export async function showRotation(
  stage: RotationStage,
  tell: (step: string) => void,
): Promise<StoryRotation> {
  const checker = new Checker(stage);
  checker.add(await stage.mint());
  const checking = checker.run();
  // It is waited for below, perhaps long after it failed: until then Node would take its failure for unhandled.
  checking.catch(() => undefined);
  try {
    await rotate(stage, checker, tell);
  } finally {
    checker.stop();
    await checking;
  }
  const { checked, refused } = checker;
  if (refused > 0) {
    const sentence = `${refused} of ${checked} valid tokens were refused during the rotation`;
    throw new PodtrustError("demo-link-broken", sentence, { detail: { tokensChecked: checked, refused } });
  }
  return { tokensChecked: checked, refused };
}
