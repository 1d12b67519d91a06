import { type Clock, defined, type Readiness, PodtrustError, until } from "../../core/base/index.ts";
import {
  type KubernetesApi,
  type KubernetesObject,
  type ObjectRef,
  objectText,
} from "../../providers/kubernetes/index.ts";
import { kubernetesLabels, ownerText } from "../../rules/plan/index.ts";
import { demo, demoObjects, type DemoSpec, manifestAnnotation } from "./demo-job.ts";
import { isFinished, type JobState, jobState } from "./job-state.ts";
import { LogFollower } from "./log-follower.ts";
import type { WorkloadTarget } from "./target.ts";

/** Events while the demo runs. */
export type DemoRunEvent =
  | { readonly type: "step"; readonly text: string }
  | {
      readonly type: "waiting";
      readonly what: "the pod" | "STS";
      readonly reason: string;
      /** When the wait ends, in milliseconds of `Clock.elapsed()`. */
      readonly deadline: number;
    }
  | { readonly type: "running"; readonly pod: string }
  | { readonly type: "log"; readonly line: string };

export interface DemoRunInput {
  readonly target: WorkloadTarget;
  readonly cluster: KubernetesApi;
  readonly spec: DemoSpec;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds until the pod has to have ended. */
  readonly timeoutMs: number;
  /**
   * Waits until STS lets the ServiceAccount's token into the role: a pod that came sooner would be refused. Called when
   * the ServiceAccount exists; throws what ends the demo.
   */
  readonly untilUsable: (work: {
    readonly signal: AbortSignal;
    waiting(reason: string, deadline: number): void;
  }) => Promise<void>;
  /** Takes over fields that other managers own. */
  readonly force?: boolean;
  readonly onEvent: (event: DemoRunEvent) => void;
}

/** How the demo ended. */
export interface DemoRunResult {
  readonly job: string;
  readonly pod: string | undefined;
  /** The pod's output, by line. */
  readonly log: readonly string[];
}

const pollMs = 1000;
/** The reason of a wait for the end of a running container. */
const stillRuns = "its container still runs";
/** Our name among the field managers of server-side apply. */
const fieldManager = "podtrust";

/** Labels of the demo's objects: name and owner. */
export type DemoTarget = Pick<WorkloadTarget, "stack" | "identity" | "namespace" | "serviceAccount">;

const jobRef = ({ namespace }: DemoTarget): ObjectRef => ({ kind: "Job", namespace, name: demo.job });
const accountRef = ({ namespace, serviceAccount }: DemoTarget): ObjectRef => ({
  kind: "ServiceAccount",
  namespace,
  name: serviceAccount,
});

function taken(ref: ObjectRef, object: KubernetesObject, target: DemoTarget): PodtrustError | undefined {
  const owner = kubernetesLabels.ownerOf(object.metadata.labels ?? {}, target);
  if (owner.kind === "ours") return undefined;
  return new PodtrustError(
    "plan-name-taken",
    `the ${objectText(ref)} is there and not ours: it seems to belong to ${ownerText(owner)}`,
    {
      next: `Remove or rename it, or run the demo in another namespace: --service-account NAMESPACE/NAME.`,
      detail: { ...ref },
    },
  );
}

async function untilGone(input: DemoRunInput, ref: ObjectRef, uid: string | undefined): Promise<void> {
  const { cluster, clock, signal, onEvent } = input;
  const reason = `the earlier ${objectText(ref)} is being removed`;
  await until<true>({
    clock,
    withinMs: input.timeoutMs,
    delays: [pollMs],
    signal,
    look: async () => {
      const found = await cluster.read(ref, { signal });
      return found === undefined || found.metadata.uid !== uid ? { is: true } : { waitsFor: reason };
    },
    onWait: (_reason, deadline) => onEvent({ type: "waiting", what: "the pod", reason, deadline }),
    late: () => new PodtrustError("deadline-exceeded", `${reason}, and still there`),
  });
}

async function applyAccount(input: DemoRunInput, object: KubernetesObject): Promise<void> {
  const { target, cluster, signal, force = false, onEvent } = input;
  const ref = accountRef(target);
  const found = await cluster.read(ref, { signal });
  if (found !== undefined && taken(ref, found, target) !== undefined) {
    // It works as it is, and keeps its owner.
    onEvent({ type: "step", text: `${objectText(ref)} is there already and not ours: used as it is` });
    return;
  }
  await cluster.apply(object, { fieldManager, force, signal });
  onEvent({ type: "step", text: `${objectText(ref)} applied` });
}

/** Makes way for the Job; returns a running one if it is the same. */
async function earlierJob(
  input: DemoRunInput,
  wanted: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  const { target, cluster, signal, onEvent } = input;
  const ref = jobRef(target);
  const found = await cluster.read(ref, { signal });
  if (found === undefined) return undefined;
  const refusal = taken(ref, found, target);
  if (refusal !== undefined) throw refusal;
  const same =
    found.metadata.annotations?.[manifestAnnotation] === wanted.metadata.annotations?.[manifestAnnotation];
  if (same && !isFinished(found) && found.metadata.deletionTimestamp === undefined) {
    onEvent({ type: "step", text: `${objectText(ref)} still runs: waiting for it` });
    return found;
  }
  const { uid } = found.metadata;
  await cluster.remove(ref, { signal, ...defined({ uid }) });
  onEvent({ type: "step", text: `the earlier ${objectText(ref)} removed` });
  await untilGone(input, ref, uid);
  return undefined;
}

async function stateOf(input: DemoRunInput, uid: string): Promise<JobState> {
  const { target, cluster, signal } = input;
  const { namespace } = target;
  const ref = jobRef(target);
  const job = await cluster.read(ref, { signal });
  if (job?.metadata.uid !== uid) {
    return { phase: "failed", reason: `the ${objectText(ref)} was removed while it was waited for` };
  }
  const labels = `batch.kubernetes.io/controller-uid=${uid}`;
  const pods = await cluster.list({ kind: "Pod", namespace, labels }, { signal });
  const pod = [...pods].sort((a, b) =>
    (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? 1 : -1,
  )[0];
  const about = pod?.metadata.uid ?? uid;
  const events = await cluster
    .list({ kind: "Event", namespace, fields: `involvedObject.uid=${about}` }, { signal })
    // Events only explain; without the right to read them, the pod is still visible.
    .catch(() => []);
  return jobState(job, pod, events);
}

class Run {
  readonly #input: DemoRunInput;
  readonly #log: string[] = [];
  #follower: LogFollower | undefined;

  constructor(input: DemoRunInput) {
    this.#input = input;
  }

  async #follow(pod: string, end: boolean): Promise<void> {
    const { cluster, target, signal, onEvent } = this.#input;
    if (this.#follower?.pod !== pod) {
      const onLine = (line: string): void => {
        this.#log.push(line);
        onEvent({ type: "log", line });
      };
      onEvent({ type: "running", pod });
      const { namespace } = target;
      this.#follower = new LogFollower({ cluster, namespace, pod, container: demo.job, onLine });
    }
    await this.#follower.read({ end, signal });
  }

  #failed(reason: string): PodtrustError {
    const { target } = this.#input;
    return new PodtrustError("workload-failed", `the ${objectText(jobRef(target))} failed: ${reason}`, {
      detail: { namespace: target.namespace, job: demo.job, log: this.#log.slice(-20) },
    });
  }

  #late(reason: string): PodtrustError {
    const what = objectText(jobRef(this.#input.target));
    return new PodtrustError("deadline-exceeded", `the ${what} did not end in time: ${reason}`, {
      detail: { reason },
    });
  }

  async #look(uid: string): Promise<Readiness<DemoRunResult>> {
    const state = await stateOf(this.#input, uid);
    const ended = state.phase === "succeeded" || state.phase === "failed";
    if (state.phase !== "waiting" && state.pod !== undefined) await this.#follow(state.pod, ended);
    if (state.phase === "failed") throw this.#failed(state.reason);
    if (state.phase === "succeeded") {
      return { is: { job: `${this.#input.target.namespace}/${demo.job}`, pod: state.pod, log: this.#log } };
    }
    if (state.phase === "waiting" && state.hopeless === true) throw this.#failed(state.reason);
    return { waitsFor: state.phase === "waiting" ? state.reason : stillRuns };
  }

  untilEnd(uid: string): Promise<DemoRunResult> {
    const { clock, signal, timeoutMs, onEvent } = this.#input;
    return until({
      clock,
      withinMs: timeoutMs,
      delays: [pollMs],
      signal,
      look: () => this.#look(uid),
      onWait: (reason, deadline) => {
        // For a running container its log says more.
        if (reason !== stillRuns) onEvent({ type: "waiting", what: "the pod", reason, deadline });
      },
      late: (reason) => this.#late(reason),
    });
  }
}

/**
 * Applies the demo's ServiceAccount, waits until STS knows the role, applies the Job, follows the pod's log, and waits
 * for its end. A finished Job of ours is replaced, one that still runs is waited for, another owner's is left alone.
 *
 * Throws `plan-name-taken`, `workload-failed`, `deadline-exceeded`, `cluster-*`.
 */
export async function runDemoWorkload(input: DemoRunInput): Promise<DemoRunResult> {
  const { target, cluster, spec, signal, force = false, onEvent } = input;
  const [account, job] = demoObjects(target, spec);
  if (account === undefined || job === undefined) throw new TypeError("the demo is two objects");
  const running = await earlierJob(input, job);
  await applyAccount(input, account);
  if (running !== undefined) return new Run(input).untilEnd(running.metadata.uid ?? "");
  const waiting = (reason: string, deadline: number): void =>
    onEvent({ type: "waiting", what: "STS", reason, deadline });
  await input.untilUsable({ signal, waiting });
  const applied = await cluster.apply(job, { fieldManager, force, signal });
  onEvent({ type: "step", text: `${objectText(jobRef(target))} applied` });
  return new Run(input).untilEnd(applied.metadata.uid ?? "");
}

/** What `removeDemoWorkload` did, per object. */
export interface DemoRemoval {
  readonly object: string;
  readonly outcome: "removed" | "absent" | "not-ours";
}

/** Removes the demo's Job and ServiceAccount if they carry our labels; others stay. */
export async function removeDemoWorkload(
  input: Pick<DemoRunInput, "cluster" | "signal"> & { readonly target: DemoTarget },
): Promise<readonly DemoRemoval[]> {
  const { target, cluster, signal } = input;
  const removals: DemoRemoval[] = [];
  for (const ref of [jobRef(target), accountRef(target)]) {
    const object = objectText(ref);
    const found = await cluster.read(ref, { signal });
    if (found === undefined) {
      removals.push({ object, outcome: "absent" });
    } else if (taken(ref, found, target) === undefined) {
      const { uid } = found.metadata;
      removals.push({
        object,
        outcome: await cluster.remove(ref, { signal, ...defined({ uid }) }),
      });
    } else {
      removals.push({ object, outcome: "not-ours" });
    }
  }
  return removals;
}
