import type { FileTarget, ServerKeys } from "../../rules/rotation/index.ts";
import type { TokenRules } from "../../rules/tokens/index.ts";

/** The algorithms of a key that is made. */
export type RotationAlgorithm = "RS256" | "ES256";

/** What one look at an API server gives. */
export interface ServerLook {
  readonly keys: ServerKeys;
  readonly rules: TokenRules;
  /** What a person has to know of its unit, as a sentence. */
  readonly note?: string;
}

/** What is known of keys beside the machine that is written to. */
export interface KnownKeys {
  /** Public halves of keys that no machine has, by kid, PEM. */
  readonly sealed?: ReadonlyMap<string, string>;
  /** This target was given to another server before it: where servers share a datastore it is there. */
  readonly isStored?: boolean;
  /** It is the answer to a theft: no key of before stays. */
  readonly isWhole?: boolean;
}

/**
 * One API server as a rotation needs it: asked at its own address, its files on its own machine. Private
 * halves of keys leave the machines only encrypted from one to another.
 */
export interface RotatedServer {
  readonly name: string;
  look(signal: AbortSignal): Promise<ServerLook>;
  /** The public half of a key that its machine has, PEM; undefined where it has none of that ID. */
  publicHalf(kid: string, signal: AbortSignal): Promise<string | undefined>;
  /** Makes a key on the machine that nothing uses yet; gives its kid. */
  makeKey(algorithm: RotationAlgorithm, signal: AbortSignal): Promise<string>;
  /** Keeps the private half that signs now under its kid, so that the way back stays open. */
  keepSigner(signal: AbortSignal): Promise<void>;
  /** What another machine's key may be encrypted to: a certificate whose key stays here. PEM. */
  recipient(signal: AbortSignal): Promise<string>;
  /** The private half of a key, encrypted to another machine. PEM. */
  sealKey(kid: string, recipient: string, signal: AbortSignal): Promise<string>;
  /** Stores such a key. Throws if it is not the key of that kid. */
  takeKey(kid: string, sealed: string, signal: AbortSignal): Promise<void>;
  /** Stores an unencrypted private half, PEM. Throws if it is not the key of that kid. */
  putKey(kid: string, privateKey: string, signal: AbortSignal): Promise<void>;
  /** Removes the private half of a key that is not to sign any more. */
  forgetKey(kid: string, signal: AbortSignal): Promise<void>;
  /** Writes the files whole; the API server's restart has begun then. */
  write(target: FileTarget, signal: AbortSignal, known?: KnownKeys): Promise<void>;
}
