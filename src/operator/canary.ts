import { asPodtrustError, type Clock, defined, type Logger, type PodtrustError } from "../core/base/index.ts";
import { inject, injectionFault, openbaoAnnotations, partyFault, saying } from "../rules/injection/index.ts";
import type { EventRecorder, KubernetesApi, KubernetesObject } from "../providers/kubernetes/index.ts";

/** Whether injection was found to work. */
export interface CanaryStatus {
  /**
   * `injecting`: a trial pod got its token. `dead`: it did not, or was refused for lack of it. `unseen`: the trial
   * failed, so nothing is known.
   */
  readonly state: "injecting" | "dead" | "unseen";
  /** A sentence. */
  readonly text: string;
  /** Milliseconds since the epoch: when this state began, and when it was last checked. */
  readonly since: number;
  readonly at: number;
}

export interface CanaryOptions {
  readonly api: Pick<KubernetesApi, "read" | "create">;
  /** The ServiceAccount used for trials, annotated with a role that does not have to trust it. */
  readonly account: { readonly namespace: string; readonly name: string };
  /** Makes its pod ask for more than its role, if the injecting side provides that too. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly events: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Like the request of a real pod. They name no real server: a trial never logs in. */
export const trialAnnotations = { [openbaoAnnotations.address]: "https://openbao.podtrust.invalid" } as const;

/** Dead injection must be noticed within a minute. */
const interval = 45_000;
/** Tried once more before injection is declared dead: API servers learn of changes a moment later. */
const confirmation = 5000;
/** An older observation says nothing about now. */
const stale = 3 * 60_000;

const podName = "podtrust-canary";
/** The policy of `manifests injection --deny` begins its refusals with this. */
const refusal = saying("PodNotInjected", "");

/** Only trial pods have them. */
export const trialLabels = { "app.kubernetes.io/name": podName } as const;

/** A pod that goes through the API server and admission, and is not kept. */
function trialPod({ account, annotations }: CanaryOptions): KubernetesObject {
  const { namespace, name } = account;
  const restricted = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    runAsUser: 65_532,
    seccompProfile: { type: "RuntimeDefault" },
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: podName, namespace, labels: trialLabels, ...defined({ annotations }) },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      containers: [{ name: "canary", image: "podtrust.invalid/canary", securityContext: restricted }],
    },
  };
}

/** Tries once a minute whether a pod is injected, by a dry run that leaves nothing behind. */
export class Canary {
  readonly #options: CanaryOptions;
  #status: CanaryStatus;
  /** When it was last tried, by `elapsed`. */
  #triedAt = Number.NEGATIVE_INFINITY;
  #runs = 0;

  constructor(options: CanaryOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#status = { state: "unseen", text: "it was not tried yet", since: now, at: now };
  }

  get status(): CanaryStatus {
    return this.#status;
  }

  /** Trials since the process began. */
  get runs(): number {
    return this.#runs;
  }

  /** Whether injection was seen to work recently. */
  get injecting(): boolean {
    return this.#status.state === "injecting" && this.#options.clock.elapsed() - this.#triedAt < stale;
  }

  /** Runs trials until the signal is aborted. `held`: whether this process still leads; only the leader writes Events. */
  async run(held: () => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(held, signal);
      await this.#options.clock.sleep(interval, signal).catch(() => {});
    }
  }

  /** Runs one trial. */
  async look(held: () => boolean, signal: AbortSignal): Promise<void> {
    const before = this.#status;
    let seen = await this.#see(signal);
    if (seen.state === "dead" && before.state !== "dead") {
      await this.#options.clock.sleep(confirmation, signal).catch(() => {});
      seen = await this.#see(signal);
    }
    if (signal.aborted) return;
    const now = this.#options.clock.now();
    this.#triedAt = this.#options.clock.elapsed();
    this.#status = { ...seen, at: now, since: before.state === seen.state ? before.since : now };
    if (before.state !== seen.state) this.#log(seen);
    if (seen.state === "dead" && held()) await this.#say(seen.text, signal);
  }

  #see(signal: AbortSignal): Promise<Pick<CanaryStatus, "state" | "text">> {
    this.#runs += 1;
    return this.#try(signal).catch((error: unknown) => stateOnError(asPodtrustError(error)));
  }

  async #try(signal: AbortSignal): Promise<Pick<CanaryStatus, "state" | "text">> {
    const { api, account } = this.#options;
    const { namespace, name } = account;
    const around = {
      serviceAccount: await api.read({ kind: "ServiceAccount", namespace, name }, { signal }),
      namespace: await api.read({ kind: "Namespace", name: namespace }, { signal }),
    };
    const pod = trialPod(this.#options);
    const wanted = inject(pod, around);
    if (wanted.outcome === "untouched")
      return { state: "unseen", text: `it cannot be tried with ${namespace}/${name}: ${wanted.text}` };
    const admitted = await api.create(pod, { dryRun: true, signal });
    const fault = injectionFault(admitted, around) ?? partyFault(admitted, around);
    if (fault === undefined) return { state: "injecting", text: "a pod made for trial got its token" };
    return { state: "dead", text: `a pod made for trial ${fault.text}` };
  }

  #log({ state, text }: Pick<CanaryStatus, "state" | "text">): void {
    const { logger } = this.#options;
    if (state === "injecting") logger.info(`injection works: ${text}`);
    else logger.warn(state === "dead" ? `injection is dead: ${text}` : `injection is not seen: ${text}`);
  }

  async #say(text: string, signal: AbortSignal): Promise<void> {
    const { account, events } = this.#options;
    const regarding = { apiVersion: "v1", kind: "ServiceAccount", ...account };
    const note = `New pods get no token: ${text}.`;
    await events.record(
      { regarding, type: "Warning", reason: "InjectionDead", action: "Inject", note },
      { signal },
    );
  }
}

/** What an error means: a refusal for lack of the role is a result, any other error says nothing. */
function stateOnError({ message }: PodtrustError): Pick<CanaryStatus, "state" | "text"> {
  const at = message.indexOf(refusal);
  if (at === -1) return { state: "unseen", text: message };
  return { state: "dead", text: `a pod made for trial was refused: ${message.slice(at + refusal.length)}` };
}
