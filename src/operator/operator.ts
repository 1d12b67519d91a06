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
import type { EvictionLimits } from "./finder/evictions.ts";
import { Finder, type FaultyPod, type InjectionView } from "./finder/finder.ts";
import { followedConfiguration } from "./webhook/configuration.ts";
import type { Lives } from "./webhook/rotation.ts";
import type { ReviewTallies } from "./webhook/tallies.ts";
import { Webhook, type WebhookOptions, type WebhookStatus } from "./webhook/webhook.ts";
import { ConfigMaps, followedConfigMaps } from "./config-maps.ts";
import { followAll, type FollowedSpec } from "./follow.ts";
import { PacedEvents } from "./paced-events.ts";
import { Leadership, type LeadershipStatus } from "./leadership.ts";
import { followedRoleMap, Roles } from "./roles.ts";

/** What the controllers of a process share. */
export interface ControllerTools {
  readonly api: KubernetesApi;
  readonly events: Pick<PacedEvents, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every ServiceAccount, with podtrust's annotations and those of AWS's webhook. */
  readonly accounts: Mirror<InjectionView>;
  /** Follows more of the cluster; the process runs it, and is ready once all of it has been listed. */
  readonly follow: <V>(
    what: Pick<MirrorOptions<V>, "kind" | "keep" | "namespace" | "fields" | "metadataOnly">,
  ) => Mirror<V>;
}

export type Controllers = readonly Controller[];

/** Uploads the cluster's keys to relying parties while this process leads. */
export interface KeyKeeping {
  /** Resolves once the signal is aborted and all writes have ended. */
  run(term: AbortSignal): Promise<void>;
  /** What is wrong, in sentences. */
  readonly degraded: readonly string[];
  /** The state of each place that gets keys, in sentences. */
  readonly said: readonly string[];
}

export interface OperatorOptions {
  /** Used for following, for its lease and for trials of injection. */
  readonly api: KubernetesApi;
  /** Used by controllers to read and write; `api` by default. A client that pools connections may hang with one of them. */
  readonly working?: KubernetesApi;
  /** Its own: it holds the Lease and the canary's ServiceAccount. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The name of this process in the Lease; the host's plus a random suffix, by default. */
  readonly identity?: string;
  /** Milliseconds, whole seconds, for which a renewal of the Lease holds; 15,000 by default. */
  readonly leaseDurationMs?: number;
  /** Milliseconds of silence after which an API server is asked whether it is there; 100,000 by default. */
  readonly silenceMs?: number;
  /** Absent: pods that were missed are reported, and stay. */
  readonly evict?: EvictionLimits;
  /** Name of the ServiceAccount of `namespace` used for trials of injection; false for no trials. */
  readonly canary?: string | false;
  /** Absent: API servers are not answered. */
  readonly webhook?: {
    readonly listen: LocalAddress;
    /** PEM: API servers must present a certificate of this authority. Absent: every client is answered. */
    readonly clientCa?: string;
    /** Lifetimes of its certificates; `defaultLives` by default. */
    readonly lives?: Lives;
  };
  /** Name of a ConfigMap of `namespace` with roles of ServiceAccounts that have no annotation; absent for none. */
  readonly roleMap?: string;
  /** Keeps in each namespace the ConfigMaps of the policies of the mode `configmap`. */
  readonly configMaps?: boolean;
  /** Absent: no keys are uploaded. */
  readonly keys?: KeyKeeping;
  /** Controllers in addition to the finder. */
  readonly controllers?: (tools: ControllerTools) => Controllers;
}

export interface OperatorStatus {
  /** Everything was listed once; an outage of the API server does not take that back. */
  readonly ready: boolean;
  /** Why not, in sentences. */
  readonly unready: readonly string[];
  /** What is wrong, in sentences. */
  readonly degraded: readonly string[];
  readonly leadership: LeadershipStatus;
  readonly follows: readonly MirrorStatus[];
  readonly controllers: readonly ControllerStatus[];
  readonly canary?: CanaryStatus;
  readonly webhook?: WebhookStatus;
  /** Where the cluster's keys are uploaded to, in sentences; only the leader knows. Absent if there is no upload. */
  readonly keys?: readonly string[];
  /** Only the leader knows. */
  readonly found: readonly FaultyPod[];
  readonly evicted: number;
}

const leaseName = "podtrust-operator";
const reportingController = "podtrust.dev/operator";
export const canaryAccount = "podtrust-canary";

/** What must be listed completely first. */
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

/** A mirror, whatever it holds. */
type Following = Pick<Mirror<never>, "run" | "status">;

/** The operator process: follows the cluster and, while it leads, reconciles. */
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
        // Our own webhook injects for every relying party; whether policies for others exist is not known.
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

  /** Trials of the canary since the process began. */
  get trials(): number {
    return this.#canary?.runs ?? 0;
  }

  /** Counts of the webhook's answers; undefined without one. */
  get reviews(): ReviewTallies | undefined {
    return this.#webhook?.tallies;
  }

  /** Runs until the signal is aborted, and resolves once all writes have ended and the lease is released. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new ChildAbort(signal);
    const end = over.signal;
    end.addEventListener("abort", () => (this.#ending = true), { once: true });
    // If one part fails, all end: half an operator would look healthy.
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
    // The Events of the last reconciles are written before another process leads.
    await writing;
  }

  /** For the `age` of what is shown. */
  get now(): number {
    return this.#clock.now();
  }
}
