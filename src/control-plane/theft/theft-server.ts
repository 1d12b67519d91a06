import type { RotationAlgorithm, ServerLook } from "../rotation/index.ts";
import type { FileTarget } from "../../rules/rotation/index.ts";

/** One API server as the answer to a theft needs it: at its own address, its files over SSH. */
export interface TheftServer {
  readonly name: string;
  look(signal: AbortSignal): Promise<ServerLook>;
  /** Makes a key on the machine that nothing uses yet; gives its kid. */
  makeKey(algorithm: RotationAlgorithm, signal: AbortSignal): Promise<string>;
  /** What another machine's key may be encrypted to. PEM. */
  recipient(signal: AbortSignal): Promise<string>;
  sealKey(kid: string, recipient: string, signal: AbortSignal): Promise<string>;
  takeKey(kid: string, sealed: string, signal: AbortSignal): Promise<void>;
  /** The public half of a key whose private half is on the machine, PEM; undefined where it is not there. */
  heldHalf(kid: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Writes the files whole; the API server's restart has begun then. `isStored`: another server was shown to run with this, so that a
   * datastore that they share has it.
   */
  write(target: FileTarget, signal: AbortSignal, known?: { readonly isStored: boolean }): Promise<void>;
  /** A token for the API itself, which lives for an hour, of one and the same ServiceAccount each time. */
  mint(signal: AbortSignal): Promise<string>;
  /** Whether the API server takes such a token (TokenReview). */
  accepts(token: string, signal: AbortSignal): Promise<boolean>;
  /** Puts back the files from before the last `write`. */
  putBack(signal: AbortSignal): Promise<void>;
  /**
   * Removes every copy of keys other than `fresh` that could come back: private halves, what is kept from before changes, and what
   * the distribution's own commands take (kubeadm's sa.key and sa.pub, which hold the fresh key then). Gives what was done, as sentences.
   */
  endKeys(fresh: string, signal: AbortSignal): Promise<readonly string[]>;
}
