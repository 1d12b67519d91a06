import { type Clock, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import { bindingObject } from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";

/** How long an API server may take no bindings after their definitions were applied, in milliseconds. */
const newKindsSchedule: RetrySchedule = {
  // It reads every five seconds which schemas it has, and answers 503 until then; the rest is for a busy server.
  name: "an API server needs some seconds for new kinds",
  delays: [1000],
  giveUpAfter: 90_000,
};

export interface AdmissionWait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each next attempt, with the refusal and the end of all attempts (milliseconds of `Clock.elapsed()`). */
  readonly onWait: (refusal: PodtrustError, deadline: number) => void;
}

const fieldManager = "podtrust-bind";

const hasCode = (error: unknown, ...codes: readonly string[]): error is PodtrustError =>
  error instanceof PodtrustError && codes.includes(error.code);

function retried<T>(
  { clock, signal, onWait }: AdmissionWait,
  codes: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  return retry(work, {
    schedule: newKindsSchedule,
    clock,
    signal,
    retryable: (error) => hasCode(error, ...codes),
    onRetry: (error, deadline) => onWait(error as PodtrustError, deadline),
  });
}

/**
 * Applies a binding. While the API server is not ready for it, such as just after its definition was applied, it is tried again;
 * every other refusal is final. Throws what `KubernetesApi.apply` throws.
 */
export function applyBinding(
  cluster: KubernetesApi,
  object: KubernetesObject,
  wait: AdmissionWait,
): Promise<KubernetesObject> {
  const { signal } = wait;
  return retried(wait, ["cluster-not-ready"], () => cluster.apply(object, { fieldManager, signal }));
}

/** The name and namespace of a binding that is judged and never kept. `default` is in every cluster. */
const probe = { namespace: "default", name: "podtrust-admission-probe", trust: "default" } as const;
const probeRole = "arn:aws:iam::000000000000:role/podtrust-admission-probe";

// API servers look for new policies every second, so a single good answer may be older than the policy.
const goodAnswers = 4;
const betweenGoodAnswers = 1000;

/**
 * Waits until the API server takes bindings: for some seconds on end it took a binding in a dry run, or
 * refused it as not granted. Definitions that are not there yet are waited for. Throws the last refusal when the schedule
 * ends, and other errors of `KubernetesApi.apply` at once.
 */
export async function bindingsAdmitted(cluster: KubernetesApi, wait: AdmissionWait): Promise<void> {
  const { clock, signal } = wait;
  const object = bindingObject({ ...probe, existing: probeRole });
  const judged = async (): Promise<void> => {
    try {
      await cluster.apply(object, { fieldManager, dryRun: true, signal });
    } catch (error) {
      // A refusal of the guard itself is a judgement: the trust is there and does not grant this.
      if (!hasCode(error, "cluster-refused") || !error.message.includes("'podtrust-grants'")) throw error;
    }
  };
  await retried(wait, ["cluster-not-ready", "cluster-not-found"], async () => {
    for (let good = 0; good < goodAnswers; good += 1) {
      if (good > 0) await clock.sleep(betweenGoodAnswers, signal);
      await judged();
    }
  });
}
