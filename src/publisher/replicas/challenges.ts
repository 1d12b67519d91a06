import type { SecureContext } from "node:tls";
import {
  type ChallengeSolver,
  type PresentedChallenge,
  type TlsAlpn01Solver,
  tlsAlpn01Solver,
  validationName,
} from "../../providers/acme/index.ts";
import { type Clock, isRecord, type JsonRecord, textOf } from "../../core/base/index.ts";
import type { SharedSecret, SharedState } from "../../providers/kubernetes/index.ts";
import { type ProvenAccess, standingIn, withEntry, withoutEntry } from "./proven.ts";

/** The entries of challenges begin so. */
const prefix = "challenge.";
// Longer than any CA takes to decide: older ones were left by a replica that died.
const maxChallenge = 3_600_000;
// Any client can request challenges: this limits how often they cause a call to the API server, in milliseconds.
const askEvery = 250;

/** A challenge as the Secret stores it. */
interface PresentedEntry {
  readonly challenge: PresentedChallenge;
  /** When it was presented; milliseconds since the epoch. */
  readonly at: number;
}

function entryOf({ type, token }: PresentedChallenge): string {
  // RFC 8555 §8.3: a token is base64url, which a Secret's names may hold.
  return `${prefix}${type}.${token}`;
}

function readIdentifier(value: unknown): PresentedChallenge["identifier"] | undefined {
  const { type, value: name } = isRecord(value) ? value : ({} as JsonRecord);
  return (type === "dns" || type === "ip") && typeof name === "string" ? { type, value: name } : undefined;
}

function readShown(text: string): PresentedEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const [type, token, keyAuthorization] = ["type", "token", "keyAuthorization"].map((key) =>
    textOf(value[key]),
  );
  const identifier = readIdentifier(value["identifier"]);
  const { at, wildcard } = value;
  if (type === undefined || token === undefined || keyAuthorization === undefined) return undefined;
  if (identifier === undefined || typeof at !== "number") return undefined;
  return { challenge: { type, identifier, wildcard: wildcard === true, token, keyAuthorization }, at };
}

const challengesIn = ({ entries }: SharedState): readonly (readonly [string, string])[] =>
  [...entries].filter(([name]) => name.startsWith(prefix));

/** Those that a replica wrote, and that were not left behind. The newest comes last. */
function shownIn(state: SharedState, keys: readonly string[], now: number): readonly PresentedChallenge[] {
  return challengesIn(state)
    .filter(([name]) => standingIn(state, name, keys).isProven)
    .flatMap(([, text]) => readShown(text) ?? [])
    .filter(({ at }) => now - at < maxChallenge)
    .sort((a, b) => a.at - b.at)
    .map(({ challenge }) => challenge);
}

/**
 * Challenges that every replica answers, whichever of them ordered the certificate: the Service may send the CA to any.
 * They are stored in the Secret, and looked up there if they are requested and not known here. One that no replica wrote is
 * not answered: somebody else's account would get a certificate for the name.
 */
export class SharedChallenges {
  readonly #secret: SharedSecret;
  readonly #access: ProvenAccess;
  readonly #clock: Clock;
  /** Presented by other replicas. */
  readonly #certificates: TlsAlpn01Solver = tlsAlpn01Solver();
  #asking: Promise<SharedState> | undefined;
  #askedAt = -Infinity;

  constructor(secret: SharedSecret, access: ProvenAccess, clock: Clock) {
    this.#secret = secret;
    this.#access = access;
    this.#clock = clock;
  }

  /** A solver whose challenges the other replicas answer too. */
  solver(local: ChallengeSolver): ChallengeSolver {
    return {
      type: local.type,
      present: async (challenge, signal) => {
        await local.present(challenge, signal);
        try {
          await this.#put(challenge);
        } catch (error) {
          await local.cleanup(challenge).catch(() => {});
          throw error;
        }
      },
      cleanup: async (challenge) => {
        await local.cleanup(challenge);
        await this.#clear(challenge);
      },
    };
  }

  async #put(challenge: PresentedChallenge): Promise<void> {
    const now = this.#clock.now();
    const { type, identifier, wildcard, token, keyAuthorization } = challenge;
    const text = JSON.stringify({ type, identifier, wildcard, token, keyAuthorization, at: now });
    const keys = await this.#access.keys();
    await this.#secret.update((state) => {
      const kept = new Set(shownIn(state, keys, now).map(entryOf));
      const gone = challengesIn(state).filter(([name]) => !kept.has(name));
      const cleared = gone.reduce((rest, [name]) => withoutEntry(rest, name), state);
      return withEntry(cleared, [entryOf(challenge), text], keys);
    });
  }

  async #clear(challenge: PresentedChallenge): Promise<void> {
    await this.#secret.update((state) => {
      const entry = entryOf(challenge);
      return state.entries.has(entry) ? withoutEntry(state, entry) : undefined;
    });
  }

  /** The key authorization of an HTTP-01 token that some replica presents. Does not reject. */
  async findHttp01(token: string): Promise<string | undefined> {
    const shown = await this.#shown();
    return shown.find((one) => one.type === "http-01" && one.token === token)?.keyAuthorization;
  }

  /** The certificate for a name that some replica presents for TLS-ALPN-01. Does not reject. */
  async findTlsAlpn01(serverName: string): Promise<SecureContext | undefined> {
    const wanted = serverName.toLowerCase();
    const shown = await this.#shown();
    const found = shown.findLast(
      ({ type, identifier }) => type === "tls-alpn-01" && validationName(identifier) === wanted,
    );
    if (found === undefined) return undefined;
    await this.#certificates.present(found);
    const context = this.#certificates.tlsAlpn01(wanted);
    await this.#certificates.cleanup(found);
    return context;
  }

  /** The Secret at some moment after the call; concurrent callers share one read. */
  async #shown(): Promise<readonly PresentedChallenge[]> {
    this.#asking ??= this.#ask();
    // An unreachable API server has its own alarm: here it counts as having no such challenge.
    const state = await this.#asking.catch(() => undefined);
    if (state === undefined) return [];
    const keys = await this.#access.keys().catch(() => []);
    for (const [name, text] of challengesIn(state))
      if (!standingIn(state, name, keys).isProven) this.#access.forged.note(this.#secret.place, name, text);
    return shownIn(state, keys, this.#clock.now());
  }

  async #ask(): Promise<SharedState> {
    // Deferred even without a wait: callers in the same turn share the read.
    await this.#clock.sleep(Math.max(0, this.#askedAt + askEvery - this.#clock.elapsed()));
    this.#asking = undefined;
    this.#askedAt = this.#clock.elapsed();
    return this.#secret.read();
  }
}
