import { type Clock, defined, errorText, type Logger, PodtrustError, TimeLimit } from "../core/base/index.ts";
import {
  type ClaimsRules,
  claimsRefusal,
  currentOf,
  promotable,
  promote,
  type Ring,
  type RingKey,
} from "../rules/signer/index.ts";
import type { StateFolder } from "../core/files/index.ts";
import { type OpenedKey, type KeyHolder, openKey } from "./holder.ts";
import type { KeyFolder } from "./key-folder.ts";
import { type RefusedClaims, Refusals } from "./refusals.ts";
import type { FetchKeysResponse } from "./wire/messages.ts";

/** Which API servers do not serve a key yet, each with why. */
export type Agreement = (
  kid: string,
  without: readonly string[],
  signal: AbortSignal,
) => Promise<readonly string[]>;

export interface SignerOptions extends ClaimsRules {
  readonly keys: KeyFolder;
  readonly holders: readonly KeyHolder[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** After how many seconds API servers ask for the keys again: they accept a removed key for that long. */
  readonly refreshSeconds: number;
  /** Folders that no other user may enter. */
  readonly folders: readonly StateFolder[];
  /** Asked before a key begins to sign; every server by default. */
  readonly agreement?: Agreement;
}

/** The keys that are served, and the one that signs. */
interface Loaded {
  readonly ring: Ring;
  readonly current: RingKey;
  readonly held: OpenedKey;
  /** `{"alg","kid","typ"}` in base64url: the API server refuses any other member. */
  readonly header: string;
  readonly readAt: number;
}

/** What a signer is doing. Times in milliseconds since the epoch. */
export interface SignerStatus {
  readonly keys: readonly RingKey[];
  readonly readAt: number;
  /** When an API server last asked for the keys. */
  readonly fetchedAt?: number;
  readonly signed: number;
  readonly refreshSeconds: number;
  readonly maxTokenSeconds: number;
  readonly issuers: readonly string[];
  readonly refused: RefusedClaims;
  /** Why the folder's present content is not served, or what of it cannot be used. */
  readonly trouble?: string;
}

const openingMs = 10_000;

const isInFile = ({ holder }: RingKey): boolean => holder?.startsWith("file:") === true;

const headerOf = ({ alg, kid }: RingKey): string =>
  Buffer.from(JSON.stringify({ alg, kid, typ: "JWT" })).toString("base64url");

/** Signs the claims of an API server with the current key of a folder, and names all keys that verify. */
export class Signer {
  readonly #options: SignerOptions;
  #loaded: Loaded | undefined;
  #fetchedAt: number | undefined;
  #signed = 0;
  readonly #refusals = new Refusals();
  #loading: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(options: SignerOptions) {
    this.#options = options;
  }

  /**
   * Throws `signer-state` for a folder without a key that signs, `state-permissions` for one with any private key that
   * others may read, and what reading and opening the key that signs throws.
   */
  load(signal: AbortSignal): Promise<void> {
    // One after another: the later reading counts.
    this.#loading = this.#loading.catch(() => {}).then(() => this.#load(signal));
    return this.#loading;
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { keys, logger } = this.#options;
    const ring = await keys.read();
    const { troubles, ...loaded } = await this.#opened(ring, signal);
    this.#loaded = { ...loaded, ring, header: headerOf(loaded.current), readAt: this.#options.clock.now() };
    this.#trouble = troubles.length === 0 ? undefined : troubles.join("; ");
    if (this.#trouble !== undefined)
      logger.error(`of the keys that do not sign some cannot be used: ${this.#trouble}`);
  }

  /** As a start does where it opens its sockets. */
  async #checkFolders(): Promise<void> {
    for (const folder of this.#options.folders) await folder.makePrivate();
  }

  /**
   * Opens the key of a ring that signs, and looks at every other that is a file. One that others may read is refused
   * whatever its state: it is theirs too. What else is wrong with one that does not sign is a trouble, and no more.
   */
  async #opened(
    ring: Ring,
    signal: AbortSignal,
  ): Promise<Pick<Loaded, "current" | "held"> & { readonly troubles: readonly string[] }> {
    const current = currentOf(ring);
    if (current === undefined)
      throw new PodtrustError("signer-state", `${this.#options.keys.folder.path} has no key that signs`, {
        next: "Import the key that the cluster signs with: podtrust signer import FILE",
      });
    const before = this.#loaded;
    const isSame = before?.current.kid === current.kid && before.current.holder === current.holder;
    // A program that holds a key still holds it; a file may have become another, or another's.
    const held = isSame && !isInFile(current) ? before.held : await this.#open(current, signal);
    const troubles: string[] = [];
    for (const key of ring.keys.filter((one) => one !== current && isInFile(one))) {
      try {
        await this.#open(key, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof PodtrustError && error.code === "state-permissions") throw error;
        troubles.push(`${key.state} ${key.kid}: ${errorText(error)}`);
      }
    }
    return { current, held, troubles };
  }

  /** Switches to the folder's present content; if that cannot be used, it keeps what it has and reports it. */
  async reload(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#checkFolders();
      await this.load(signal);
      logger.info("the keys were read again", {
        keys: this.status.keys.map(({ kid, state }) => `${state} ${kid}`),
      });
    } catch (error) {
      this.#trouble = errorText(error);
      logger.error(`the keys could not be read again, and the old ones go on: ${this.#trouble}`);
      throw error;
    }
  }

  /** All keys, and when to ask again. */
  fetchKeys(): FetchKeysResponse {
    const { ring, readAt } = this.#now;
    this.#fetchedAt = this.#options.clock.now();
    const keys = ring.keys.map(({ kid, publicKey, excluded }) => ({
      kid,
      publicKey: Buffer.from(publicKey, "base64"),
      excluded,
    }));
    return { keys, readAt, refreshSeconds: this.#options.refreshSeconds };
  }

  /** Throws `signer-claims-refused` for anything but a token of a ServiceAccount as of now, and `signer-key-source`. */
  async sign(claims: string, signal: AbortSignal): Promise<{ header: string; signature: string }> {
    const now = this.#options.clock.now();
    const refused = claimsRefusal(claims, this.#options, now);
    if (refused !== undefined) {
      this.#refusals.add(refused, now);
      throw new PodtrustError("signer-claims-refused", refused.sentence, {
        detail: { reason: refused.reason },
      });
    }
    const { header, held } = this.#now;
    const signature = await held.sign(Buffer.from(`${header}.${claims}`), signal);
    this.#signed += 1;
    return { header, signature: Buffer.from(signature).toString("base64url") };
  }

  /**
   * Makes the next key sign, or the named one, once every API server serves it. `without` are servers that are gone.
   * Throws `signer-not-everywhere`, `signer-key-unknown`, `signer-key-refused`, and what `load` throws.
   */
  async promote(
    { kid, without = [] }: { readonly kid?: string | undefined; readonly without?: readonly string[] },
    signal: AbortSignal,
  ): Promise<RingKey> {
    const { keys, logger, agreement } = this.#options;
    const ring = await keys.read();
    const chosen = promotable(ring, kid);
    // All that a start would refuse is refused before the present one is replaced.
    await this.#checkFolders();
    await this.#opened(promote(ring, chosen.kid, this.#options.clock.now()), signal);
    const missing = (await agreement?.(chosen.kid, without, signal)) ?? [];
    if (missing.length > 0)
      throw new PodtrustError(
        "signer-not-everywhere",
        `the key ${chosen.kid} is not served everywhere: ${missing.join("; ")}`,
        { detail: { kid: chosen.kid, missing } },
      );
    await keys.change((read, now) => promote(read, chosen.kid, now));
    await this.reload(signal);
    logger.info("a key was promoted", { kid: chosen.kid, without });
    return this.#now.current;
  }

  get status(): SignerStatus {
    const { ring, readAt } = this.#now;
    const { refreshSeconds, maxSeconds, issuers } = this.#options;
    return {
      keys: ring.keys,
      readAt,
      ...defined({ fetchedAt: this.#fetchedAt }),
      signed: this.#signed,
      refreshSeconds,
      maxTokenSeconds: maxSeconds,
      issuers,
      refused: this.#refusals.seen,
      ...defined({ trouble: this.#trouble }),
    };
  }

  get #now(): Loaded {
    if (this.#loaded === undefined) throw new TypeError("the signer has not loaded its keys");
    return this.#loaded;
  }

  async #open(key: RingKey, signal: AbortSignal): Promise<OpenedKey> {
    const reason = (): Error =>
      new PodtrustError("signer-key-source", `${key.holder} did not answer within ${openingMs / 1000} s`);
    const limit = new TimeLimit(this.#options.clock, { ms: openingMs, signal, reason });
    try {
      return await openKey(this.#options.holders, key, limit.signal);
    } finally {
      await limit.end();
    }
  }
}
