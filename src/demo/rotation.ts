import { type Clock, PodtrustError } from "../core/base/index.ts";
import type { RotationReport } from "./report.ts";

/** The operations of a rotation on the cluster's keys. */
export interface RotatedKeys {
  /** A new key, published by the cluster and not yet signing. */
  create(): Promise<{ readonly kid: string }>;
  promote(kid: string): void;
  drop(kid: string): void;
  /** The kid that signs now. */
  signing(): string;
}

/** Inputs of a rotation. */
export interface RotationInputs {
  readonly clock: Clock;
  readonly keys: RotatedKeys;
  /** Resolves when the publisher has read the cluster and serves what it read. */
  published(): Promise<void>;
  /** Milliseconds for which AWS may keep a copy of the published keys. */
  readonly cacheMs: number;
  mint(): Promise<string>;
  /** Asks STS with a token; false when it is refused. */
  accepted(token: string): Promise<boolean>;
  readonly signal: AbortSignal;
}

const checkEvery = 100;

/** Asks STS with every live token, several times a second, until stopped. */
class Checker {
  readonly #inputs: RotationInputs;
  readonly #tokens: string[] = [];
  readonly #done = new AbortController();
  checked = 0;
  refused = 0;

  constructor(inputs: RotationInputs) {
    this.#inputs = inputs;
  }

  add(token: string): void {
    this.#tokens.push(token);
  }

  /** Asks with each token, now. */
  async ask(): Promise<void> {
    await Promise.all(
      this.#tokens.map(async (token) => {
        const accepted = await this.#inputs.accepted(token);
        this.checked += 1;
        if (!accepted) this.refused += 1;
      }),
    );
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#inputs;
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

async function rotate(
  inputs: RotationInputs,
  checker: Checker,
  onStep: (step: string) => void,
): Promise<void> {
  const old = inputs.keys.signing();
  const { kid } = await inputs.keys.create();
  await inputs.published();
  onStep(`1. A new key ${short(kid)} is published beside ${short(old)}; it signs nothing yet.`);
  await inputs.clock.sleep(inputs.cacheMs, inputs.signal);
  onStep(`2. After ${inputs.cacheMs / 1000} s (Cache-Control) no cache has a JWK Set without the new key.`);
  inputs.keys.promote(kid);
  checker.add(await inputs.mint());
  await checker.ask();
  onStep("3. The new key signs. A token of each key is now in use, and AWS accepts both.");
  inputs.keys.drop(old);
  await inputs.published();
  await inputs.clock.sleep(inputs.cacheMs, inputs.signal);
  await checker.ask();
  onStep("4. The cluster drops the old key; the publisher keeps it, so that its last tokens stay good.");
}

/**
 * Rotates the signing key in the order that refuses no token: published first, signing after, and the old
 * key's tokens valid until they expire. A checker asks STS throughout, and at the two moments that count:
 * when the new key begins to sign, and when every copy of the JWK Set was fetched after the cluster dropped
 * the old one.
 *
 * Throws `demo-link-broken` when a valid token was refused.
 */
export async function showRotation(
  inputs: RotationInputs,
  onStep: (step: string) => void,
): Promise<RotationReport> {
  const checker = new Checker(inputs);
  checker.add(await inputs.mint());
  const checking = checker.run();
  // It is awaited below, perhaps long after it failed: until then Node would report its failure as unhandled.
  checking.catch(() => undefined);
  try {
    await rotate(inputs, checker, onStep);
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
