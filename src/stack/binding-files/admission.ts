import { type Clock, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import {
  apiVersion,
  type BoundKind,
  type BoundParty,
  grantsGuardName,
  loadPartyManifests,
  type PartyManifests,
  partyNames,
} from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { installedParties } from "./installed.ts";

/** How long an API server may refuse bindings after their definitions were applied, in milliseconds. */
const newKindsSchedule: RetrySchedule = {
  // It reloads its schemas every five seconds, and answers 503 until then; the rest is for a busy server.
  name: "an API server needs some seconds for new kinds",
  delays: [1000],
  giveUpAfter: 90_000,
};

export interface AdmissionWait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /**
   * Called before each further attempt, with the refusal and the deadline of all attempts (milliseconds of
   * `Clock.elapsed()`).
   */
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
 * Applies a binding. Retries while the API server is not ready for it, such as just after its definition was applied;
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

/** Name and namespace of test bindings that are never stored. `default` exists in every cluster. */
const metadata = { namespace: "default", name: "podtrust-admission-probe" } as const;

// API servers reload policies every second, so a single good answer may be older than the policy.
const goodAnswers = 4;
const betweenGoodAnswers = 1000;

const kindsOf = (parties: readonly BoundParty[]): readonly BoundKind[] =>
  parties.map((party) => partyNames[party].binding.kind);

/** The requested relying parties, or all whose kinds exist. Throws `cluster-not-found` if one of them, or each, does not. */
async function meantParties(
  cluster: KubernetesApi,
  parties: readonly BoundParty[] | undefined,
  signal: AbortSignal,
): Promise<readonly BoundParty[]> {
  const installed = await installedParties(cluster, { signal });
  const meant = parties ?? installed;
  const absent = meant.filter((one) => !installed.includes(one));
  if (meant.length > 0 && absent.length === 0) return meant;
  const what = absent.length === 0 ? "bindings" : kindsOf(absent).join(", ");
  throw new PodtrustError("cluster-not-found", `cluster ${cluster.server} does not know ${what}`, {
    next: "Apply their definitions, which podtrust manifests bindings prints.",
    detail: { server: cluster.server, reason: "not-found" },
  });
}

/**
 * Submits a binding of a relying party in a dry run. Throws what `KubernetesApi.apply` throws, except the refusal of
 * the guard itself.
 */
async function judged(cluster: KubernetesApi, row: PartyManifests, signal: AbortSignal): Promise<void> {
  const { names, probe } = row;
  const object = { apiVersion, kind: names.binding.kind, metadata, spec: probe };
  try {
    await cluster.apply(object, { fieldManager, dryRun: true, signal });
  } catch (error) {
    // A refusal of the guard itself is a result: the trust exists and does not grant this.
    if (!hasCode(error, "cluster-refused") || !error.message.includes(`'${grantsGuardName(names)}'`))
      throw error;
  }
}

/**
 * Waits until the API server accepts bindings of some relying parties, or of all whose kinds it knows: for some seconds
 * on end it accepted one of each in a dry run, or refused it as not granted. Waits for missing definitions. Returns the
 * kinds. Throws the last refusal when the schedule ends, and other errors of `KubernetesApi.apply` at once.
 */
export async function bindingsAdmitted(
  cluster: KubernetesApi,
  wait: AdmissionWait,
  parties?: readonly BoundParty[],
): Promise<readonly BoundKind[]> {
  const { clock, signal } = wait;
  const allJudged = async (): Promise<readonly BoundKind[]> => {
    const meant = await meantParties(cluster, parties, signal);
    for (const row of await loadPartyManifests(meant)) await judged(cluster, row, signal);
    return kindsOf(meant);
  };
  return retried(wait, ["cluster-not-ready", "cluster-not-found"], async () => {
    const kinds = await allJudged();
    for (let good = 1; good < goodAnswers; good += 1) {
      await clock.sleep(betweenGoodAnswers, signal);
      const now = await allJudged();
      if (now.join() !== kinds.join())
        throw new PodtrustError(
          "cluster-not-ready",
          `it knew ${kinds.join(", ")}, and now ${now.join(", ")}`,
        );
    }
    return kinds;
  });
}
