import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { LocalAddress } from "../core/admin/index.ts";
import { ChildAbort, type Clock, defined, type Logger } from "../core/base/index.ts";
import { type Controller, ControllerRunner, type ControllerStatus } from "./controller/index.ts";
import {
  EventRecorder,
  type KubernetesApi,
  Mirror,
  type MirrorOptions,
  type MirrorStatus,
} from "../providers/kubernetes/index.ts";
import { Canary, type CanaryStatus, trialAnnotations } from "./canary.ts";
import { type EvictionLimits, Finder, type FoundPod, type InjectionView } from "./finder/index.ts";
import { ConfigMaps, followedConfigMaps } from "./config-maps.ts";
import { followAll, type FollowedSpec } from "./follow.ts";
import { PacedEvents } from "./paced-events.ts";
import { Leadership, type LeadershipStatus } from "./leadership.ts";
import { followedRoleMap, Roles } from "./roles.ts";
import {
  followedConfiguration,
  type Lives,
  type ReviewTallies,
  Webhook,
  type WebhookOptions,
  type WebhookStatus,
} from "./webhook/index.ts";

/** What the controllers of the process work with. */
export interface ControllerTools {
  readonly api: KubernetesApi;
  readonly events: Pick<PacedEvents, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every ServiceAccount, with its annotations of ours and of AWS's webhook. */
  readonly accounts: Mirror<InjectionView>;
  /** Follows more of the cluster; the process runs it, and is ready once it has seen all of it. */
  readonly follow: <V>(
    what: Pick<MirrorOptions<V>, "kind" | "keep" | "namespace" | "fields" | "metadataOnly">,
  ) => Mirror<V>;
}

export type Controllers = readonly Controller[];

/** What gives relying parties the cluster's keys while this process leads. */
export interface KeyKeeping {
  /** Resolves once the signal is aborted and nothing is written any more. */
  run(term: AbortSignal): Promise<void>;
  /** What is not as it should be, in sentences. */
  readonly degraded: readonly string[];
  /** How it stands with each place that is given keys, in sentences. */
  readonly said: readonly string[];
}

export interface OperatorOptions {
  /** By which it follows, holds its lease and tries injection. */
  readonly api: KubernetesApi;
  /** By which controllers read and write; `api` by default. One that keeps connections may hang with one of them. */
  readonly working?: KubernetesApi;
  /** Its own: where the Lease and the canary's ServiceAccount stand. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The name of this process in the Lease; the host's, with something random, by default. */
  readonly identity?: string;
  /** Milliseconds, whole seconds, for which a renewal of the Lease holds; 15,000 by default. */
  readonly leaseDurationMs?: number;
  /** Milliseconds after which a silent API server is dead; 100,000 by default. */
  readonly silenceMs?: number;
  /** Absent: pods that were missed are told of, and stay. */
  readonly evict?: EvictionLimits;
  /** Name of the ServiceAccount of `namespace` with which injection is tried; false for no trial. */
  readonly canary?: string | false;
  /** Absent: API servers are not answered. */
  readonly webhook?: {
    readonly listen: LocalAddress;
    /** PEM: API servers have to show a certificate of this authority. Absent: whoever comes is answered. */
    readonly clientCa?: string;
    /** Of its certificates; `defaultLives` by default. */
    readonly lives?: Lives;
  };
  /** Name of a ConfigMap of `namespace` with roles of ServiceAccounts that have no annotation; absent for none. */
  readonly roleMap?: string;
  /** Keeps in each namespace the ConfigMaps of the policies of the mode `configmap`. */
  readonly configMaps?: boolean;
  /** Absent: nobody is given keys. */
  readonly keys?: KeyKeeping;
  /** More controllers than the finder. */
  readonly controllers?: (tools: ControllerTools) => Controllers;
}

export interface OperatorStatus {
  /** All that is there was seen once; an outage of the API server does not take that back. */
  readonly ready: boolean;
  /** Why not, in sentences. */
  readonly unready: readonly string[];
  /** What is not as it should be, in sentences. */
  readonly degraded: readonly string[];
  readonly leadership: LeadershipStatus;
  readonly follows: readonly MirrorStatus[];
  readonly controllers: readonly ControllerStatus[];
  readonly canary?: CanaryStatus;
  readonly webhook?: WebhookStatus;
  /** Where the cluster's keys are uploaded to, in sentences, known to who leads; absent where nobody is given them. */
  readonly keys?: readonly string[];
  /** Known to who leads. */
  readonly found: readonly FoundPod[];
  readonly evicted: number;
}

const leaseName = "podtrust-operator";
const reportingController = "podtrust.dev/operator";
export const canaryAccount = "podtrust-canary";

/** Whose part of the cluster has to be seen whole. */
function specOf({ controllers, webhook, roleMap }: OperatorOptions): FollowedSpec {
  const everyAccount = [controllers, webhook, roleMap].some((part) => part !== undefined);
  return { everyAccount, everyNamespace: webhook !== undefined };
}

function roleMapOf({ namespace, roleMap }: OperatorOptions, follow: ControllerTools["follow"]) {
  return roleMap === undefined ? undefined : follow(followedRoleMap({ namespace, name: roleMap }));
}

function webhookOf(
  { webhook }: OperatorOptions,
  { follow, ...tools }: Omit<WebhookOptions, "listen" | "configuration"> & Pick<ControllerTools, "follow">,
): Webhook | undefined {
  if (webhook === undefined) return undefined;
  return new Webhook({ ...tools, ...webhook, configuration: follow(followedConfiguration) });
}

/** A mirror, whatever it keeps. */
type Following = Pick<Mirror<never>, "run" | "status">;

/** What runs in the cluster: follows it, and where it leads, reconciles. */
export class Operator {
  readonly #clock: Clock;
  readonly #leadership: Leadership;
  readonly #mirrors: readonly Following[];
  readonly #finder: Finder;
  readonly #runners: readonly ControllerRunner[];
  readonly #canary: Canary | undefined;
  readonly #keys: KeyKeeping | undefined;
  readonly #webhook: Webhook | undefined;
  readonly #roles: Roles;
  readonly #events: PacedEvents;
  #ending = false;

  constructor(options: OperatorOptions) {
    const { api, working = api, namespace, clock, logger, silenceMs, evict, leaseDurationMs } = options;
    this.#clock = clock;
    this.#keys = options.keys;
    const identity = options.identity ?? `${hostname()}_${randomBytes(6).toString("hex")}`;
    const shared = { api, clock, logger, ...defined({ silenceMs }) };
    const { accounts, namespaces, pods } = followAll(shared, specOf(options));
    const more: Following[] = [];
    const follow: ControllerTools["follow"] = (what) => {
      const mirror = new Mirror({ ...shared, ...what, indexes: {} });
      more.push(mirror);
      return mirror;
    };
    const events = new EventRecorder({
      api: working,
      controller: reportingController,
      instance: identity,
      clock,
      logger,
    });
    const roleMap = roleMapOf(options, follow);
    const roles = new Roles(roleMap);
    this.#roles = roles;
    const { canary = canaryAccount } = options;
    if (canary !== false)
      this.#canary = new Canary({
        api,
        account: { namespace, name: canary },
        // Our own webhook injects for whoever is asked for; whether policies for others are there is not known.
        ...(options.webhook === undefined ? {} : { annotations: trialAnnotations }),
        events,
        clock,
        logger,
      });
    this.#finder = new Finder({
      api: working,
      pods,
      accounts,
      namespaces,
      roles,
      roleMap,
      events,
      clock,
      logger,
      ...defined({ evict }),
      injecting: () => this.#canary?.injecting ?? true,
    });
    this.#events = new PacedEvents({ recorder: events, clock, logger });
    const paced = this.#events;
    const others =
      options.controllers?.({ api: working, events: paced, clock, logger, accounts, follow }) ?? [];
    const tools = { ...shared, namespace, accounts, namespaces, roles, roleMap, events };
    this.#webhook = webhookOf(options, { ...tools, follow });
    const keeping: readonly Controller[] = [
      ...(this.#webhook === undefined ? [] : [this.#webhook.keeper]),
      ...(options.configMaps === true
        ? [new ConfigMaps({ ...tools, configMaps: followedConfigMaps.map((what) => follow(what)) })]
        : []),
    ];
    this.#runners = [this.#finder, ...keeping, ...others].map(
      (controller) => new ControllerRunner({ controller, clock, logger }),
    );
    this.#mirrors = [accounts, namespaces, pods, ...more];
    this.#leadership = new Leadership({
      api,
      namespace,
      name: leaseName,
      identity,
      clock,
      logger,
      ...defined({ durationMs: leaseDurationMs }),
    });
  }

  get status(): OperatorStatus {
    const follows = this.#mirrors.map(({ status }) => status);
    const controllers = this.#runners.map(({ status }) => status);
    const unready = follows.flatMap(({ resource, synced }) =>
      synced ? [] : [`${resource}: not all of them were seen yet`],
    );
    unready.push(...(this.#webhook?.unready ?? []));
    if (this.#ending) unready.push("the operator is ending");
    const canary = this.#canary?.status;
    const webhook = this.#webhook?.status;
    const leadership = this.#leadership.status;
    return {
      ready: unready.length === 0,
      unready,
      degraded: this.#degraded(follows, controllers),
      leadership,
      follows,
      controllers,
      ...defined({ canary, webhook, keys: this.#keys?.said }),
      found: leadership.leads ? this.#finder.found : [],
      evicted: this.#finder.evicted,
    };
  }

  #degraded(follows: readonly MirrorStatus[], controllers: readonly ControllerStatus[]): readonly string[] {
    const canary = this.#canary?.status;
    return [
      ...follows.flatMap(({ resource, failing }) =>
        failing === undefined ? [] : [`${resource}: ${failing.message}`],
      ),
      ...controllers.flatMap(({ name, failing }) => (failing === 0 ? [] : [`${name}: ${failing} keys fail`])),
      ...this.#roles.problems,
      ...(this.#webhook?.degraded(this.#leadership.held) ?? []),
      ...(canary?.state === "dead" ? [`canary: ${canary.text}`] : []),
      ...(this.#keys?.degraded ?? []),
    ];
  }

  /** Keys of all controllers that wait for a worker now. */
  get waiting(): number {
    return this.#runners.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Tries of the canary since the process began. */
  get trials(): number {
    return this.#canary?.runs ?? 0;
  }

  /** What the webhook answered; undefined without one. */
  get reviews(): ReviewTallies | undefined {
    return this.#webhook?.tallies;
  }

  /** Runs until the signal is aborted, and resolves once nothing is written any more and the lease is given back. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new ChildAbort(signal);
    const end = over.signal;
    end.addEventListener("abort", () => (this.#ending = true), { once: true });
    // One that breaks ends all: half an operator would look well.
    const parts = [
      ...this.#mirrors.map((mirror) => mirror.run(end)),
      this.#leadership.run((term) => this.#lead(term), end),
      ...(this.#webhook === undefined ? [] : [this.#webhook.run(end)]),
    ].map((part) =>
      part.catch((error: unknown) => {
        over.abort(error);
        throw error;
      }),
    );
    const ended = await Promise.allSettled(parts);
    over.release();
    const broken = ended.find((one) => one.status === "rejected");
    if (broken !== undefined) throw broken.reason;
  }

  async #lead(term: AbortSignal): Promise<void> {
    const works = this.#runners.map((runner) => runner.lead(this.#leadership, term));
    const trial = this.#canary?.run(() => this.#leadership.held, term) ?? Promise.resolve();
    const keeping = this.#keys?.run(term) ?? Promise.resolve();
    const over = new AbortController();
    const writing = this.#events.run(over.signal);
    await Promise.all([...works, trial, keeping]).finally(() => over.abort());
    // What the last reconciles told of is written before another leads.
    await writing;
  }

  /** For `age` of what is shown. */
  get now(): number {
    return this.#clock.now();
  }
}
