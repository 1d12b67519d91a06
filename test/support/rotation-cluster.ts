import { type SecretCluster, ServersRecord } from "../../src/control-plane/record/index.ts";
import { Rotation, type RotationDeps, type Sights } from "../../src/control-plane/rotation/index.ts";
import { sightsOf } from "../../src/control-plane/rotation/sights.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import type { FileTarget, LegacyToken } from "../../src/rules/rotation/index.ts";
import type { PodTokens } from "../../src/rules/tokens/index.ts";
import { compactJws, makeKey, MemoryServer, type SigningKey } from "./memory-server.ts";
import { audience, awsError, issuerRoot, startTestSandbox, subject, type TestSandbox } from "./sandbox.ts";
import { SwiftClock } from "./swift-clock.ts";

const second = 1000;
const minute = 60 * second;
/** Milliseconds: Cache-Control of the documents. The relying party keeps them for as long again. */
export const cacheMs: number = minute;
const pollMs = 10 * second;
const tokenMs = 4 * minute;
const tickMs = 10 * second;

/** A pod that lives, with one token for relying parties outside. */
export function podWith(name: string, ms: number): PodTokens {
  const tokens = [{ audience, ms }];
  return { namespace: "shop", name, uid: name, serviceAccount: name, startedAt: undefined, tokens };
}

/** What ends a run where a test wants it cut off. */
export class CutError extends Error {}

interface SignedToken {
  readonly token: string;
  readonly kid: string;
  readonly expires: number;
}

/** Time that goes in steps, at each of which the world does its part. */
class WorldClock extends SwiftClock {
  tick: () => Promise<void> = () => Promise.resolve();

  /** Time passes in which nobody asks for anything. */
  jump(ms: number): Promise<void> {
    return super.sleep(ms);
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    for (let left = ms; left > 0; left -= tickMs) {
      await super.sleep(Math.min(left, tickMs), signal);
      await this.tick();
    }
  }
}

/**
 * Two API servers in memory, a publisher that sees one of them at each look, and the sandbox's STS that keeps documents for twice
 * their lifetime and asks for nothing meanwhile. At each tick every token that is valid is shown to both API servers and to STS.
 */
export class RotationCluster {
  readonly clock = new WorldClock();
  readonly keys = new Map<string, SigningKey>();
  readonly servers: readonly MemoryServer[];
  readonly refused: string[] = [];
  readonly steps: string[] = [];
  readonly waits: string[] = [];
  asked = 0;
  pods: readonly PodTokens[] = [podWith("web", tokenMs)];
  legacy: readonly LegacyToken[] = [];
  /** Kids that relying parties may refuse: those of a key that was stolen. */
  readonly lost = new Set<string>();
  /** After so many operations the run is cut off. */
  cutAfter = Infinity;
  readonly #sandbox: TestSandbox;
  readonly #role: string;
  #handed: readonly string[] = [];
  /** The list of keys in the datastore that servers of k3s share, from which each takes its own at its start; undefined: kubeadm's form. */
  stored: FileTarget | undefined;
  /** What the cluster has for others to see. */
  secret: KubernetesObject | undefined;
  #distrusted = new Set<string>();
  #published: readonly string[] = [];
  #polledAt = 0;
  #turn = 0;
  #tokens: SignedToken[] = [];

  private constructor(sandbox: TestSandbox, role: string, names: readonly string[]) {
    this.#sandbox = sandbox;
    this.#role = role;
    const first = makeKey("RS256");
    this.servers = names.map((name) => new MemoryServer(name, this, first));
    this.#publish();
    this.clock.tick = () => this.#tick();
  }

  static async start(names: readonly string[] = ["a", "b"]): Promise<RotationCluster> {
    // The sandbox's clock is the world's, which there is only with the world.
    let world: RotationCluster | undefined;
    const now = (): number => world?.clock.now() ?? Date.now();
    const clock = { now, elapsed: now, sleep: () => Promise.resolve() };
    const sandbox = await startTestSandbox({ issuerCache: "keep", clock });
    const role = await sandbox.role("web");
    world = new RotationCluster(sandbox, role, names);
    return world;
  }

  get issuer(): string {
    return this.#sandbox.issuer.issuer;
  }

  key(kid: string): SigningKey {
    const key = this.keys.get(kid);
    if (key === undefined) throw new TypeError(`no key ${kid}`);
    return key;
  }

  mayBeCut(): void {
    if ((this.cutAfter -= 1) < 0) throw new CutError("cut off");
  }

  /** The API's Secret of a rotation, which anybody may write who may write Secrets. */
  cluster: SecretCluster = {
    read: async () => Promise.resolve(this.secret),
    apply: async (object) => {
      this.mayBeCut();
      this.secret = object;
      return Promise.resolve(object);
    },
  };

  /** What some machine of somebody's runs: nothing is remembered but what the cluster and its machines have. */
  rotation(
    more: Partial<Pick<RotationDeps, "identities" | "parties" | "onUnkept" | "clock">> = {},
  ): Rotation {
    const { signal } = new AbortController();
    return new Rotation({
      servers: this.servers,
      record: new ServersRecord(this.servers, this.cluster),
      published: (until) => this.sights(until),
      pods: async () => Promise.resolve(this.pods),
      legacy: async () => Promise.resolve(this.legacy),
      times: { poll: pollMs, publisherCache: cacheMs, relyingPartyCache: cacheMs },
      clock: this.clock,
      signal,
      withdraw: async (kid) => {
        this.mayBeCut();
        this.#distrusted.add(kid);
        this.#publish();
        return Promise.resolve();
      },
      onStep: (text) => this.steps.push(text),
      onMoved: async () => Promise.resolve(),
      onWait: (reason) => this.waits.push(reason),
      ...more,
    });
  }

  /** What is published as seen from outside. */
  sights(signal: AbortSignal): Promise<Sights> {
    const route = { ca: issuerRoot, connectTo: this.#sandbox.issuer.connectTo };
    return sightsOf(this.issuer, { route }, signal);
  }

  /** A token that whoever has a private half signs: of any time of life. */
  forged(kid: string, seconds = 86_400): string {
    const { privateKey, jwk } = this.key(kid);
    const now = Math.floor(this.clock.now() / 1000);
    const claims = { iss: this.issuer, sub: subject, aud: [audience], iat: now, exp: now + seconds };
    return compactJws({ alg: jwk.alg, kid }, claims, privateKey);
  }

  /** A token of the server's for STS or for the API, which lives for four minutes. */
  token(server: MemoryServer | undefined = this.servers[0], ms: number = tokenMs): string {
    const now = Math.floor(this.clock.now() / 1000);
    const times = { iat: now, exp: now + ms / 1000 };
    return server?.sign({ iss: this.issuer, sub: subject, aud: [audience], ...times }) ?? "";
  }

  async assumes(token: string): Promise<boolean> {
    try {
      await this.#sandbox.assume({ role: this.#role, token });
      return true;
    } catch (error) {
      if (awsError("InvalidIdentityToken", /./u)(error)) return false;
      throw error;
    }
  }

  /** A person gives the publisher a key, and takes others away, by the control socket. */
  replace(fresh: string, tainted: readonly string[]): void {
    this.mayBeCut();
    this.#handed = [...this.#handed, fresh];
    for (const kid of tainted) this.#distrusted.add(kid);
    this.#publish();
  }

  close(): Promise<void> {
    return this.#sandbox.close();
  }

  /** What is there of one API server, in the load balancer's turn, beside what was there before. */
  #publish(): void {
    const server = this.servers[(this.#turn += 1) % this.servers.length];
    const seen = [...this.#published, ...this.#handed, ...(server?.running.verify ?? [])];
    this.#published = [...new Set(seen)].filter((kid) => !this.#distrusted.has(kid));
    const jwks = this.#published.map((kid) => this.key(kid).jwk);
    this.#sandbox.issuer.publish(jwks, { "cache-control": `public, max-age=${cacheMs / 1000}` });
  }

  async #tick(): Promise<void> {
    const now = this.clock.now();
    if (now - this.#polledAt >= pollMs) {
      this.#polledAt = now;
      this.#publish();
    }
    const answering = this.servers.filter((server) => !server.isAway());
    for (const server of answering) {
      const { signing: kid } = server.running;
      this.#tokens = this.#tokens.filter(
        ({ expires, kid: of }) => expires > now && (of !== kid || expires - now > tokenMs / 2),
      );
      this.#tokens.push({ token: this.token(server), kid, expires: now + tokenMs });
    }
    // Of each key the newest and the oldest that is valid: those that a wrong wait hits.
    const kids = [...new Set(this.#tokens.map(({ kid }) => kid))];
    const shown = kids.flatMap((kid) => {
      const of = this.#tokens.filter((one) => one.kid === kid);
      return of.length < 2 ? of : [of.slice(0, 1), of.slice(-1)].flat();
    });
    await Promise.all(shown.map((one) => this.#ask(one, answering)));
  }

  async #ask({ token, kid }: SignedToken, answering: readonly MemoryServer[]): Promise<void> {
    for (const server of answering) {
      this.asked += 1;
      if (!server.takes(token) && !this.lost.has(kid))
        this.refused.push(`${server.name} refuses a token of ${kid}`);
    }
    this.asked += 1;
    if (!(await this.assumes(token)) && !this.lost.has(kid))
      this.refused.push(`STS refuses a token of ${kid}`);
  }
}
