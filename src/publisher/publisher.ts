import { setTimeout as pause } from "node:timers/promises";
import { type Clock, PodtrustError, Waiters } from "../core/base/index.ts";
import { adminPart, type LocalPart, probesPart } from "./admin/listen.ts";
import type { AdminView } from "./admin/view.ts";
import { ControlSockets } from "./control/sockets.ts";
import { Generation, type GenerationPart } from "./generation.ts";
import { PublishedIssuers } from "./issuers.ts";
import { Listeners } from "./listeners.ts";
import type {
  BackupStatus,
  DistrustOptions,
  DistrustOutcome,
  Publisher,
  PublisherAddresses,
  PublisherOptions,
  PublisherStatus,
  RestoreOptions,
  RestoreOutcome,
} from "./contract.ts";
import { handedKey } from "./source/handed-key.ts";
import { Served } from "./served.ts";
import { Connections } from "../core/listener/index.ts";
import { HttpDate } from "./serving/http-date.ts";
import { defaultLimits } from "./serving-limits.ts";
import { Tallies } from "./serving/tallies.ts";
import { WithdrawalGuard } from "./withdrawal.ts";

/** What a publisher keeps through all changes of options. */
export type PublisherFrame = Pick<PublisherOptions, "clock" | "logger" | "limits" | "acceptKeys" | "backups">;

/** A running publisher. */
export class RunningPublisher implements Publisher {
  readonly #clock: Clock;
  readonly #backups: () => readonly BackupStatus[];
  readonly #tallies = new Tallies();
  readonly #connections: Connections;
  readonly #listeners: Listeners;
  readonly #served: Served;
  readonly #issuers: PublishedIssuers;
  readonly #admin: LocalPart;
  readonly #probes: LocalPart;
  readonly #control: ControlSockets;
  readonly #parts: readonly GenerationPart[];
  readonly #waiters = new Waiters();
  #closing: Promise<void> | undefined;
  #changing: Promise<void> = Promise.resolve();

  /** `opened` is what its options are made from, and changes with them. */
  constructor(frame: PublisherFrame, opened: readonly GenerationPart[] = []) {
    const { clock, logger } = frame;
    this.#clock = clock;
    this.#backups = frame.backups ?? (() => []);
    const limits = { ...defaultLimits, ...frame.limits };
    this.#connections = new Connections(limits, this.#tallies);
    const changed = (): void => this.#waiters.check();
    this.#issuers = new PublishedIssuers({
      clock,
      logger,
      acceptKeys: frame.acceptKeys ?? false,
      publish: (stack, documents) => this.#served.publish(stack, documents),
      changed,
    });
    this.#served = new Served({
      logger,
      tallies: this.#tallies,
      targetBytes: limits.targetBytes,
      known: (settings) => this.#issuers.predecessorOf(settings)?.documentsFor(settings),
      onDefault: (defaults) => this.#listeners.useDefaults(defaults),
      changed,
    });
    this.#listeners = new Listeners({
      secure: {
        site: () => this.#served.current.secure,
        contexts: () => this.#served.current.contexts,
        challenges: () => this.#served.current.challenges,
        connections: this.#connections,
        date: new HttpDate(() => clock.now()),
        limits,
        tallies: this.#tallies,
        logger,
      },
      plainSite: () => this.#served.current.plain,
      logger,
    });
    const view: AdminView = {
      publisher: this,
      clock,
      logger,
      tallies: this.#tallies,
      connections: this.#connections,
      issuers: () => this.#issuers.all,
    };
    this.#admin = adminPart(view);
    this.#probes = probesPart(view);
    this.#control = new ControlSockets(this, logger);
    // Steps that may be refused come first; sites come before the listeners that answer from them.
    const guard = new WithdrawalGuard({ clock, issuers: () => this.#issuers.all });
    this.#parts = [
      guard,
      this.#control,
      this.#served,
      this.#listeners,
      this.#admin,
      this.#probes,
      this.#issuers,
      ...opened,
    ];
  }

  get addresses(): PublisherAddresses {
    const [admin, probes] = [this.#admin.address, this.#probes.address];
    return { ...this.#listeners.addresses, admin, probes };
  }

  status(): PublisherStatus {
    const issuers = this.#issuers.all.map((issuer) => issuer.status());
    const unready = issuers.flatMap(({ stack, unready: whys }) => whys.map((why) => `${stack}: ${why}`));
    if (issuers.length === 0) unready.push("The publisher is starting.");
    if (this.#closing !== undefined) unready.push("The publisher is ending.");
    const backups = this.#backups();
    const degraded = [
      ...issuers.flatMap(({ stack, degraded: whys }) => whys.map((why) => `${stack}: ${why}`)),
      ...this.#control.troubles,
      ...backups.flatMap(({ stack, trouble }) => (trouble === undefined ? [] : [`${stack}: ${trouble}`])),
    ];
    return { ready: unready.length === 0, unready, degraded, issuers, backups };
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#waiters.until(() => this.status().ready, signal);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#issuers.all.map((issuer) => issuer.source.look()));
  }

  async distrust(kid: string, options: DistrustOptions = {}): Promise<DistrustOutcome> {
    return this.#issuers.holderOf(kid, options.stack).distrust(kid, options.force ?? false);
  }

  async restore(kid: string, { stack, publicKey }: RestoreOptions = {}): Promise<RestoreOutcome> {
    if (publicKey === undefined) return this.#issuers.holderOf(kid, stack).restore(kid);
    return this.#issuers.only(stack).restore(kid, handedKey(kid, publicKey));
  }

  reload(options: PublisherOptions): Promise<void> {
    return this.change(() => options);
  }

  /** Switches to the options that `spec` gives; if that fails, everything stays as before. */
  change(spec: () => PublisherOptions | Promise<PublisherOptions>): Promise<void> {
    const askedAt = this.#clock.elapsed();
    const next = this.#changing.catch(() => {}).then(() => this.#change(spec, askedAt));
    this.#changing = next;
    return next;
  }

  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #change(spec: () => PublisherOptions | Promise<PublisherOptions>, askedAt: number): Promise<void> {
    if (this.#closing !== undefined) throw new PodtrustError("interrupted", "the publisher is ending");
    const generation = new Generation(this.#parts);
    await generation.prepare(spec, askedAt);
    await generation.commit();
    await this.#listeners.accept();
    this.#waiters.check();
  }

  async #close(graceMs: number): Promise<void> {
    // What a running change opens has to be closed as well.
    await this.#changing.catch(() => {});
    const over = new AbortController();
    const cut = async (): Promise<void> => {
      await pause(graceMs, undefined, { signal: over.signal }).catch(() => {});
      this.#connections.destroyAll();
    };
    await Promise.all([this.#listeners.drain().finally(() => over.abort()), cut()]);
    await this.#issuers.close();
    this.#served.close();
    await this.#admin.close();
    await this.#probes.close();
    await this.#control.close();
  }
}

/**
 * Publishes issuers' documents: resolves once everything listens; documents from the disk are then served, and `ready`
 * resolves when all of them are. Throws PodtrustError `issuer-invalid`, `publisher-issuer-invalid`, `publisher-listen`,
 * `publisher-running`.
 */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const publisher = new RunningPublisher(options);
  try {
    await publisher.change(() => options);
  } catch (error) {
    await publisher.close(0);
    throw error;
  }
  return publisher;
}
