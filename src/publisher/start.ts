import { setTimeout as pause } from "node:timers/promises";
import { PodtrustError } from "../base/index.ts";
import { type AdminListener, listenAdmin } from "./admin/listen.ts";
import { ControlSockets } from "./control/sockets.ts";
import { PublishedIssuer } from "./issuer.ts";
import { Listeners, type ListenersChange } from "./listeners.ts";
import { Moment } from "./moment.ts";
import type {
  DistrustOutcome,
  Publisher,
  PublisherAddresses,
  PublisherOptions,
  PublisherStatus,
} from "./publisher.ts";
import { Connections } from "./serving/connections.ts";
import { SecureContexts } from "./serving/contexts.ts";
import { HttpDate } from "./serving/http-date.ts";
import { IdleWatch } from "./serving/idle.ts";
import { defaultLimits, type ServingLimits } from "./serving/limits.ts";
import { listenText } from "./serving/listen.ts";
import { Site } from "./serving/site.ts";
import { Tallies } from "./serving/tallies.ts";
import { renderDocuments } from "./source/documents.ts";
import { pagesOf, type PreparedStack, prepareStacks, sameSource } from "./stacks.ts";

const loopbackAdmin = { host: "127.0.0.1", port: 9890 } as const;

/** What changes together when options change. */
interface Scene {
  readonly options: PublisherOptions;
  readonly secure: Site;
  readonly plain: Site;
  readonly contexts: SecureContexts;
  readonly unsubscribe: readonly (() => void)[];
}

class RunningPublisher implements Publisher {
  readonly #tallies = new Tallies();
  readonly #limits: ServingLimits;
  readonly #connections: Connections;
  readonly #idle: IdleWatch;
  readonly #listeners: Listeners;
  readonly #moment = new Moment(() => this.status().ready);
  #scene: Scene;
  #issuers: readonly PublishedIssuer[] = [];
  #admin: AdminListener | undefined;
  #control: ControlSockets | undefined;
  #closing: Promise<void> | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#connections = new Connections(this.#limits, this.#tallies);
    this.#scene = this.#stage(options, prepareStacks(options));
    this.#idle = new IdleWatch(this.#limits.keepAliveTimeout);
    this.#connections.onFull = () => this.#idle.shed();
    this.#listeners = new Listeners({
      secure: {
        site: () => this.#scene.secure,
        contexts: () => this.#scene.contexts,
        challenges: () => this.#scene.options.challenges ?? {},
        connections: this.#connections,
        idle: this.#idle,
        date: new HttpDate(() => options.clock.now()),
        limits: this.#limits,
        tallies: this.#tallies,
        logger: options.logger,
      },
      plainSite: () => this.#scene.plain,
      logger: options.logger,
    });
  }

  /** Opens everything; where something fails, what was opened is closed again. */
  async open(): Promise<void> {
    const { options } = this.#scene;
    const prepared = prepareStacks(options);
    try {
      this.#control = new ControlSockets(this);
      await this.#control.use(prepared.map((one) => one.stateDir));
      await (await this.#listeners.change(options.listen)).commit();
      this.#admin = await this.#changedAdmin(options);
      const issuers = prepared.map((one) => this.#issuer(one));
      this.#issuers = issuers;
      await Promise.all(issuers.map((issuer) => issuer.start()));
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  get addresses(): PublisherAddresses {
    return { ...this.#listeners.addresses, admin: this.#admin?.bound };
  }

  status(): PublisherStatus {
    const stacks = this.#issuers.map((issuer) => issuer.status());
    const unready = stacks.flatMap((stack) => stack.unready.map((why) => `${stack.stack}: ${why}`));
    if (stacks.length === 0) unready.push("The publisher is starting.");
    if (this.#closing !== undefined) unready.push("The publisher is ending.");
    return { ready: unready.length === 0, unready, stacks };
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#moment.reached(signal);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#issuers.map((issuer) => issuer.source.look()));
  }

  async distrust(kid: string, stack?: string): Promise<DistrustOutcome> {
    const issuer = this.#holder(kid, stack);
    const { changed, persisted } = await issuer.source.distrust(kid);
    const published = await issuer.flush();
    const { name, cacheTime } = issuer.prepared;
    const effectiveAt = this.#scene.options.clock.now() + cacheTime;
    return { stack: name, kid, changed, persisted, published, effectiveAt };
  }

  reload(options: PublisherOptions): Promise<void> {
    const next = this.#reloading.catch(() => {}).then(() => this.#reload(options));
    this.#reloading = next;
    return next;
  }

  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const over = new AbortController();
    const cut = async (): Promise<void> => {
      await pause(graceMs, undefined, { signal: over.signal }).catch(() => {});
      this.#connections.destroyAll();
    };
    await Promise.all([this.#listeners.drain().finally(() => over.abort()), cut()]);
    await Promise.all(this.#issuers.map((issuer) => issuer.close()));
    this.#retire(this.#scene);
    this.#idle.close();
    await this.#admin?.close();
    await this.#control?.close();
  }

  #stage(options: PublisherOptions, prepared: readonly PreparedStack[]): Scene {
    const pages = pagesOf(prepared);
    const site = (secure: boolean): Site =>
      new Site(pages, { secure, targetBytes: this.#limits.targetBytes, tallies: this.#tallies });
    const named = prepared.flatMap(({ name, hosts, jwksHosts, stack }) => [
      ...(stack.certificates === undefined ? [] : [{ stack: name, hosts, certificates: stack.certificates }]),
      ...(stack.jwksCertificates === undefined
        ? []
        : [{ stack: name, hosts: jwksHosts, certificates: stack.jwksCertificates }]),
    ]);
    const contexts = new SecureContexts(named, options.logger);
    contexts.onDefault = (defaults) => this.#listeners.useDefaults(defaults);
    const unsubscribe = named.map((one) => one.certificates.onChange(() => this.#moment.check()));
    return { options, secure: site(true), plain: site(false), contexts, unsubscribe };
  }

  #retire(scene: Scene): void {
    scene.contexts.close();
    for (const end of scene.unsubscribe) end();
  }

  #issuer(prepared: PreparedStack): PublishedIssuer {
    const { clock, logger } = this.#scene.options;
    return new PublishedIssuer(prepared, {
      clock,
      logger,
      sites: () => [this.#scene.secure, this.#scene.plain],
      changed: () => this.#moment.check(),
    });
  }

  /** The second listener that the options ask for: the one that is open where it is the same. */
  async #changedAdmin(options: PublisherOptions): Promise<AdminListener | undefined> {
    const asked = options.listen.admin ?? loopbackAdmin;
    if (asked === false) return undefined;
    if (this.#admin !== undefined && listenText(asked) === listenText(this.#admin.asked)) return this.#admin;
    return listenAdmin(asked, {
      publisher: this,
      clock: options.clock,
      logger: options.logger,
      tallies: this.#tallies,
      connections: this.#connections,
      sources: () =>
        this.#issuers.map(({ prepared, tallies, targetTallies: target }) => ({ prepared, tallies, target })),
    });
  }

  #holder(kid: string, stack: string | undefined): PublishedIssuer {
    const among = this.#issuers.filter((issuer) => stack === undefined || issuer.prepared.name === stack);
    const holders = among.filter((issuer) => issuer.source.state.ring.some((key) => key.jwk.kid === kid));
    const [first, second] = holders;
    if (first !== undefined && second === undefined) return first;
    if (second !== undefined) {
      const names = holders.map((issuer) => issuer.prepared.name).join(", ");
      throw new PodtrustError("publisher-key-unknown", `several stacks hold a key ${kid}: ${names}`, {
        next: "Say with --stack which one is meant.",
      });
    }
    const known = among.flatMap((issuer) => issuer.source.state.ring.map((key) => key.jwk.kid));
    throw new PodtrustError("publisher-key-unknown", `no key with the kid ${JSON.stringify(kid)} is known`, {
      next:
        known.length === 0 ? "Wait until the publisher has read the cluster." : `Known: ${known.join(", ")}`,
      detail: { kid, known },
    });
  }

  async #reload(options: PublisherOptions): Promise<void> {
    const prepared = prepareStacks(options);
    const scene = this.#stage(options, prepared);
    let change: ListenersChange;
    let admin: AdminListener | undefined;
    try {
      change = await this.#listeners.change(options.listen);
      admin = await this.#changedAdmin(options).catch(async (error: unknown) => {
        await change.cancel();
        throw error;
      });
    } catch (error) {
      this.#retire(scene);
      throw error;
    }
    this.#prefill(scene, prepared);
    const before = this.#scene;
    this.#scene = scene;
    this.#listeners.useDefaults(scene.contexts.defaults);
    await this.#succeed(prepared);
    this.#retire(before);
    await this.#control?.use(prepared.map((one) => one.stateDir));
    // Clients of a listener that goes may take their time; nobody waits for them here.
    void change.commit();
    if (admin !== this.#admin) {
      void this.#admin?.close();
      this.#admin = admin;
    }
    this.#moment.check();
  }

  /** Gives new sites what is known already, so that no request meets an empty one. */
  #prefill(scene: Scene, prepared: readonly PreparedStack[]): void {
    for (const { name, issuer, jwksUri } of prepared) {
      const ring = this.#named(name, issuer)?.source.state.ring ?? [];
      const documents = renderDocuments(ring, { issuer, jwksUri });
      if (documents === undefined) continue;
      for (const site of [scene.secure, scene.plain]) {
        site.publish(name, "discovery", documents.discovery);
        site.publish(name, "jwks", documents.jwks);
      }
    }
  }

  #named(name: string, issuer: string): PublishedIssuer | undefined {
    return this.#issuers.find(({ prepared }) => prepared.name === name && prepared.issuer === issuer);
  }

  /** Puts issuers under new options: what is the same goes on, what changed takes over what was known. */
  async #succeed(prepared: readonly PreparedStack[]): Promise<void> {
    const kept = new Set<PublishedIssuer>();
    const next = prepared.map((one) => {
      const predecessor = this.#named(one.name, one.issuer);
      if (predecessor === undefined || !sameSource(predecessor.prepared, one)) return this.#issuer(one);
      predecessor.keep(one);
      kept.add(predecessor);
      return predecessor;
    });
    const gone = this.#issuers.filter((issuer) => !kept.has(issuer));
    // Both would write the same file: the old one ends first.
    await Promise.all(gone.map((issuer) => issuer.close()));
    this.#issuers = next;
    const starting = next.filter((issuer) => !kept.has(issuer));
    await Promise.all(
      starting.map((issuer) => {
        const { name, issuer: url } = issuer.prepared;
        const known = gone.find(({ prepared: old }) => old.name === name && old.issuer === url);
        return issuer.start(known?.source.state);
      }),
    );
  }
}

/**
 * Starts what makes issuers' documents public: resolves once everything listens; what the disk holds is then
 * served, and `ready` tells when all of it is. Throws PodtrustError `issuer-invalid`, `publisher-stack-invalid`,
 * `publisher-listen`, `publisher-running`.
 */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const publisher = new RunningPublisher(options);
  await publisher.open();
  return publisher;
}
