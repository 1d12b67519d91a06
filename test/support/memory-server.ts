import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { PodtrustError } from "../../src/core/base/index.ts";
import type {
  KnownKeys,
  RotatedServer,
  RotationAlgorithm,
  ServerLook,
} from "../../src/control-plane/rotation/index.ts";
import type { TheftServer } from "../../src/control-plane/theft/index.ts";
import { publicJwk, type PublicJwk, verifyJws } from "../../src/rules/keys/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import type { FileTarget } from "../../src/rules/rotation/index.ts";
import { MemoryRecord } from "./memory-record.ts";
import type { RotationCluster } from "./rotation-cluster.ts";

/** Milliseconds for which an API server is away at its restart. */
const restartMs = 8000;

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

export function makeKey(algorithm: RotationAlgorithm): SigningKey {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { privateKey, jwk: publicJwk(publicKey) };
}

export function compactJws(header: object, claims: object, key: KeyObject): string {
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** An API server in memory: real keys and signatures, its files, and what the process that runs has read of them. */
export class MemoryServer implements RotatedServer, TheftServer {
  readonly name: string;
  readonly record: MemoryRecord;
  readonly #world: RotationCluster;
  readonly #held = new Map<string, SigningKey>();
  files: FileTarget;
  running: FileTarget;
  #before: FileTarget | undefined;
  /** A write that does not reach its process: what it verifies stays, whatever its files say. */
  isStuck = false;
  /** The API server is away until then: a restart takes its time. */
  awayUntil = 0;
  /** Neither its API nor SSH is there. */
  #isGone = false;

  constructor(name: string, world: RotationCluster, first: SigningKey) {
    this.name = name;
    this.#world = world;
    this.record = new MemoryRecord(
      () => world.clock.now(),
      () => world.mayBeCut(),
    );
    this.#held.set(first.jwk.kid, first);
    world.keys.set(first.jwk.kid, first);
    this.files = { verify: [first.jwk.kid], signing: first.jwk.kid };
    this.running = this.files;
  }

  get jwks(): readonly PublicJwk[] {
    return this.running.verify.map((kid) => this.#world.key(kid).jwk);
  }

  async look(): Promise<ServerLook> {
    this.#reached();
    this.#world.mayBeCut();
    if (this.isAway()) throw new PodtrustError("cluster-unreachable", `${this.name} is starting`);
    return Promise.resolve({
      keys: {
        name: this.name,
        verifies: this.running.verify,
        algorithms: Object.fromEntries(this.jwks.map(({ kid, alg }) => [kid, alg])),
        signs: this.running.signing,
        files: { ...this.files, privates: [...this.#held.keys()] },
        stale: { count: 0, startedAt: this.awayUntil },
      },
      rules: { audiences: [this.#world.issuer], maximum: undefined, extend: true },
    });
  }

  isAway(): boolean {
    return this.#isGone || this.#world.clock.now() < this.awayUntil;
  }

  /** The machine goes away, in the middle of whatever is done. */
  goes(): void {
    this.#isGone = true;
    this.record.isAway = true;
  }

  /** It is there again, and was started anew. */
  returns(): void {
    this.#isGone = false;
    this.record.isAway = false;
    this.restart();
  }

  /** Throws `ssh-unreachable` where it is gone. */
  #reached(): void {
    if (this.#isGone) throw new PodtrustError("ssh-unreachable", `${this.name} does not answer`);
  }

  async publicHalf(kid: string): Promise<string | undefined> {
    this.#reached();
    const isKnown = this.#held.has(kid) || this.files.verify.includes(kid);
    const key = isKnown ? this.#world.keys.get(kid)?.jwk : undefined;
    return Promise.resolve(
      key && createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }),
    );
  }

  /** The machine is made anew: its disk is empty, and its files are those that a join copies from another. */
  async remade(from: MemoryServer): Promise<void> {
    this.record.empty();
    for (const kid of this.#held.keys()) if (kid !== from.files.signing) this.#held.delete(kid);
    this.#held.set(from.files.signing, this.#world.key(from.files.signing));
    this.files = from.files;
    this.restart();
    return Promise.resolve();
  }

  async makeKey(algorithm: RotationAlgorithm): Promise<string> {
    const key = makeKey(algorithm);
    this.#held.set(key.jwk.kid, key);
    this.#world.keys.set(key.jwk.kid, key);
    this.#world.mayBeCut();
    return Promise.resolve(key.jwk.kid);
  }

  async keepSigner(): Promise<void> {
    this.#reached();
    this.#world.mayBeCut();
    return Promise.resolve();
  }

  async recipient(): Promise<string> {
    this.#reached();
    return Promise.resolve(`to ${this.name}`);
  }

  async sealKey(kid: string, recipient: string): Promise<string> {
    if (!this.#held.has(kid)) throw new TypeError(`${this.name} has no ${kid}`);
    return Promise.resolve(`${recipient}: ${kid}`);
  }

  async takeKey(kid: string, sealed: string): Promise<void> {
    this.#reached();
    if (sealed !== `to ${this.name}: ${kid}`) throw new TypeError("encrypted to another");
    this.#held.set(kid, this.#world.key(kid));
    this.#world.mayBeCut();
    return Promise.resolve();
  }

  async putKey(kid: string, privateKey: string): Promise<void> {
    const secret = createPrivateKey(privateKey);
    const held = { privateKey: secret, jwk: publicJwk(createPublicKey(secret)) };
    this.#held.set(kid, held);
    this.#world.keys.set(kid, held);
    this.#world.mayBeCut();
    return Promise.resolve();
  }

  async forgetKey(kid: string): Promise<void> {
    this.#reached();
    this.#held.delete(kid);
    return Promise.resolve();
  }

  async write(
    target: FileTarget,
    _signal?: AbortSignal,
    { sealed = new Map(), isStored = false }: KnownKeys = {},
  ): Promise<void> {
    this.#reached();
    for (const [kid, pem] of sealed) {
      const publicKey = createPublicKey(pem);
      // Nobody here has its private half: what is asked to sign with this one fails.
      if (!this.#world.keys.has(kid))
        this.#world.keys.set(kid, { privateKey: publicKey, jwk: publicJwk(publicKey) });
    }
    this.#before = this.files;
    if (this.#world.stored === undefined) this.files = target;
    else if (!isStored) this.#world.stored = target;
    this.#world.mayBeCut();
    this.restart();
    return Promise.resolve();
  }

  async putBack(): Promise<void> {
    this.#reached();
    this.files = this.#before ?? this.files;
    if (this.#world.stored !== undefined) this.#world.stored = this.files;
    this.restart();
    return Promise.resolve();
  }

  async heldHalf(kid: string): Promise<string | undefined> {
    const key = this.#held.get(kid);
    const publicKey = key === undefined ? undefined : createPublicKey(key.privateKey);
    return Promise.resolve(publicKey?.export({ type: "spki", format: "pem" }));
  }

  async mint(): Promise<string> {
    this.#world.mayBeCut();
    if (this.isAway()) throw new PodtrustError("cluster-unreachable", `${this.name} is starting`);
    return Promise.resolve(this.#world.token(this));
  }

  async accepts(token: string): Promise<boolean> {
    this.#world.mayBeCut();
    if (this.isAway()) throw new PodtrustError("cluster-unreachable", `${this.name} is starting`);
    return Promise.resolve(this.takes(token));
  }

  async endKeys(fresh: string): Promise<readonly string[]> {
    this.#reached();
    this.#world.mayBeCut();
    for (const kid of this.#held.keys()) if (kid !== fresh) this.#held.delete(kid);
    return Promise.resolve([]);
  }

  /** Reads its files, as a kubelet or a service manager has it do. */
  restart(): void {
    const { stored } = this.#world;
    if (stored !== undefined) {
      // Its one list has the private half of its head.
      this.files = stored;
      this.#held.set(stored.signing, this.#world.key(stored.signing));
    }
    if (!this.#held.has(this.files.signing)) throw new TypeError(`${this.name} cannot start: no private key`);
    if (!this.isStuck) this.running = this.files;
    this.awayUntil = this.#world.clock.now() + restartMs;
  }

  sign(claims: object): string {
    const { privateKey, jwk } = this.#world.key(this.running.signing);
    return compactJws({ alg: jwk.alg, kid: jwk.kid }, claims, privateKey);
  }

  takes(token: string): boolean {
    const jws = parseJws(token);
    const jwk = this.jwks.find(({ kid }) => kid === jws.kid);
    return jwk !== undefined && verifyJws(jws, jwk);
  }
}
