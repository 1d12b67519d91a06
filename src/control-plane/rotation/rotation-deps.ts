import type { PrivateKey } from "../../core/age/index.ts";
import type { Clock } from "../../core/base/index.ts";
import type { OnWait } from "./settle.ts";
import type { RotationSources } from "./sources.ts";

/** What a rotation works with: where it looks, and whom it tells what it does. */
export interface RotationDeps extends RotationSources {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Makes the publisher distrust a key: it is no longer published. */
  withdraw(kid: string): Promise<void>;
  /** Called once a withdrawn key is out of what is published, as seen from outside. */
  readonly onWithdrawn?: (kid: string) => Promise<void>;
  /** Open an encrypted next key; without them it is not promoted. */
  readonly identities?: readonly PrivateKey[];
  /** What was done: a sentence. */
  readonly onStep: (text: string) => void;
  /** Called when a move has changed all its servers: their flags may have to be written elsewhere too. */
  readonly onMoved: () => Promise<void>;
  readonly onWait: OnWait;
}
