import { type Config, parseConfig } from "../../src/config/index.ts";
import {
  type AdoptionContext,
  finishAdoption,
  undoAdoption,
} from "../../src/control-plane/adoption/index.ts";
import type { ControlPlaneServer, FlagChange } from "../../src/control-plane/servers/index.ts";
import { PodtrustError } from "../../src/core/base/index.ts";
import type { KubernetesApi } from "../../src/providers/kubernetes/index.ts";
import { emptyFile, noHome } from "./nowhere.ts";
import { MemoryRecord } from "./memory-record.ts";
import { SwiftClock } from "./swift-clock.ts";

export const ours = "https://oidc.example.com";
export const old = "https://kubernetes.default.svc.cluster.local";
const jwksUri = `${ours}/openid/v1/jwks`;
/** Milliseconds. */
export const hour = 3_600_000;

/** An API server in memory: what its files say, what it runs with since its last start, and what the machine remembers. */
class AdoptionServer {
  readonly name: string;
  readonly record: MemoryRecord;
  readonly #clock: SwiftClock;
  issuers: readonly string[] = [ours, old];
  /** Called once it was given other files. */
  onGiven: () => void = () => {};
  #isGone = false;
  startedAt: number;
  isRestored = false;
  #flags: FlagChange = { jwksUri };

  constructor(name: string, clock: SwiftClock) {
    this.name = name;
    this.#clock = clock;
    this.record = new MemoryRecord(() => clock.now());
    this.startedAt = this.#clock.now();
  }

  /** Its process ends and begins again: a reboot, an upgrade, or other files. */
  restart(): void {
    this.startedAt = this.#clock.now();
  }

  /** The machine goes away, in the middle of whatever is done: neither its API nor SSH answers. */
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

  #given(flags: FlagChange): void {
    this.issuers = flags.issuers ?? [];
    this.#flags = flags;
    this.restart();
    this.onGiven();
  }

  /** What is done over SSH or at its API: a machine that is gone answers neither. */
  #reached<T extends object>(doors: T): T {
    return new Proxy(doors, {
      get: (target, name, receiver): unknown => {
        const found: unknown = Reflect.get(target, name, receiver);
        if (typeof found !== "function" || !this.#isGone) return found;
        return async () =>
          Promise.reject(new PodtrustError("ssh-unreachable", `${this.name} does not answer`));
      },
    });
  }

  opened(): ControlPlaneServer {
    const api = {
      name: this.name,
      url: `https://${this.name}`,
      whatRuns: async () => {
        const flags = { ...this.#flags, keyFiles: [], issuers: this.issuers };
        return { starts: flags, runs: { kind: "seen", flags } };
      },
      discovery: async () => ({ issuer: this.issuers[0] ?? "", jwksUri }),
      keys: async () => [{ kid: "k1" }],
      mint: async () => this.issuers[0] ?? "",
      accepts: async (token: string) => this.issuers.includes(token),
      startedAt: async () => this.startedAt,
    };
    const files = {
      distribution: "kubeadm",
      startAfter: async () => undefined,
      kept: async () => (this.isRestored ? undefined : { isEdited: false, keysSince: [], keysGone: [] }),
      change: async (flags: FlagChange) => this.#given(flags),
      restoreFiles: async () => {
        this.isRestored = true;
        this.#given({ issuers: [old] });
        return { flags: { issuers: [old] } };
      },
    };
    const facts = { hostname: this.name, addresses: [] };
    return {
      api: this.#reached(api),
      files: this.#reached(files),
      facts,
      record: this.record,
    } as unknown as ControlPlaneServer;
  }
}

interface Pod {
  readonly name: string;
  readonly startedAt: number;
}

/** A running cluster whose API servers sign as our issuer and accept the former one, without AWS and without a network. */
export class AdoptionServers {
  readonly clock = new SwiftClock(Date.UTC(2026, 11, 1));
  readonly servers: readonly AdoptionServer[];
  readonly notices: string[] = [];
  /** Milliseconds by which the clock of whoever runs podtrust is ahead of the servers'. */
  ahead = 0;
  pods: readonly Pod[] = [];
  readonly #config: Config;

  private constructor(config: Config, count: number) {
    this.#config = config;
    this.servers = Array.from(
      { length: count },
      (_, index) => new AdoptionServer(`cp-${index + 1}`, this.clock),
    );
  }

  static async start(count: number): Promise<AdoptionServers> {
    const text = JSON.stringify({
      stack: "prod",
      issuer: ours,
      cluster: { kubeconfig: emptyFile },
      publisher: { source: { kubeconfig: emptyFile }, https: { certificateFile: "a", keyFile: "b" } },
    });
    const config = await parseConfig(text, "/podtrust.yaml", { HOME: noHome });
    return new AdoptionServers(config, count);
  }

  get issuers(): readonly (readonly string[])[] {
    return this.servers.map(({ issuers }) => issuers);
  }

  /** A pod with a token for AWS of a day, which began now. */
  begins(name: string): void {
    this.pods = [...this.pods, { name, startedAt: this.clock.now() }];
  }

  finish(): Promise<unknown> {
    return finishAdoption(this.#context(), this.#working());
  }

  undo(): Promise<unknown> {
    return undoAdoption(this.#context(), this.#working());
  }

  #working(): Parameters<typeof finishAdoption>[1] {
    const ignored = (): void => {};
    return {
      began: ignored,
      waiting: ignored,
      restarted: ignored,
      notice: (text) => this.notices.push(text),
    };
  }

  #context(): AdoptionContext {
    return {
      config: this.#config,
      api: this.#api(),
      servers: this.servers.map((server) => server.opened()),
      route: { connectTo: [{ host: "oidc.example.com", port: 443, address: "127.0.0.1", toPort: 1 }] },
      clock: {
        now: () => this.clock.now() + this.ahead,
        elapsed: () => this.clock.elapsed(),
        sleep: (ms, signal) => this.clock.sleep(ms, signal),
      },
      signal: new AbortController().signal,
    };
  }

  #api(): KubernetesApi {
    const empty = { status: 404, body: Buffer.from("{}") };
    const api = {
      server: "https://cluster",
      get: async (path: string) => ({ ...empty, status: path.includes("kubeadm-config") ? 200 : 404 }),
      read: async () => undefined,
      list: async () => [],
      follow: async (path: string, _: unknown, consume: (body: AsyncIterable<Buffer>) => Promise<unknown>) =>
        consume(this.#page(path.startsWith("/api/v1/pods"))),
    };
    return api as unknown as KubernetesApi;
  }

  async *#page(arePods: boolean): AsyncIterable<Buffer> {
    const sources = [
      { serviceAccountToken: { path: "token", audience: "sts.amazonaws.com", expirationSeconds: 86_400 } },
    ];
    const items = this.pods.map(({ name, startedAt }) => ({
      metadata: { namespace: "default", name, uid: name },
      spec: { volumes: [{ name: "token", projected: { sources } }] },
      status: { phase: "Running", startTime: new Date(startedAt).toISOString() },
    }));
    yield Buffer.from(JSON.stringify({ items: arePods ? items : [] }));
  }
}
