import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";

/** Progress of a Job's one pod. */
export type JobState =
  | { readonly phase: "waiting"; readonly reason: string; readonly pod?: string; readonly hopeless?: true }
  | { readonly phase: "running"; readonly pod: string }
  | { readonly phase: "succeeded"; readonly pod?: string }
  | { readonly phase: "failed"; readonly pod?: string; readonly reason: string };

const words = (value: unknown): string => textOf(value) ?? "";

function condition(object: KubernetesObject, type: string): JsonRecord | undefined {
  const found = recordsOf(recordOf(object["status"])["conditions"]).find((one) => one["type"] === type);
  return found?.["status"] === "True" ? found : undefined;
}

/** Whether a Job has ended, either way. */
export function isFinished(job: KubernetesObject): boolean {
  return ["Complete", "Failed"].some((type) => condition(job, type) !== undefined);
}

// Waiting helps none of these: the given spec can never become a running container.
const hopeless = new Set(["InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]);

function containerStatus(pod: KubernetesObject): JsonRecord {
  return recordOf(recordsOf(recordOf(pod["status"])["containerStatuses"])[0]?.["state"]);
}

function unscheduled(pod: KubernetesObject): string | undefined {
  const conditions = recordsOf(recordOf(pod["status"])["conditions"]);
  const scheduled = conditions.find((one) => one["type"] === "PodScheduled");
  if (scheduled?.["status"] === "True") return undefined;
  const why = words(scheduled?.["message"]);
  return why === "" ? "no node has taken the pod yet" : `no node takes the pod: ${why}`;
}

/** The newest complaint about a pod that is useful to a user. */
function complaint(events: readonly KubernetesObject[]): string {
  const warnings = events.filter((event) => event["type"] === "Warning");
  const last = warnings.at(-1);
  return last === undefined ? "" : `${words(last["reason"])}: ${words(last["message"])}`;
}

function waitingReason(pod: KubernetesObject, events: readonly KubernetesObject[]): string {
  const waiting = recordOf(containerStatus(pod)["waiting"]);
  const reason = words(waiting["reason"]);
  if (reason === "") return unscheduled(pod) ?? "the kubelet has not begun with the pod";
  const message = words(waiting["message"]);
  if (message !== "") return `${reason}: ${message}`;
  const said = complaint(events);
  return said === "" ? reason : `${reason}; ${said}`;
}

function exitReason(pod: KubernetesObject): string {
  const ended = recordOf(containerStatus(pod)["terminated"]);
  const code = ended["exitCode"];
  if (typeof code !== "number") return words(recordOf(pod["status"])["message"]) || "its pod failed";
  const why = words(ended["reason"]);
  return `its container ended with ${code}${why === "" || why === "Error" ? "" : ` (${why})`}`;
}

function ofPod(pod: KubernetesObject, events: readonly KubernetesObject[]): JobState {
  const { name } = pod.metadata;
  const phase = words(recordOf(pod["status"])["phase"]);
  if (phase === "Succeeded") return { phase: "succeeded", pod: name };
  if (phase === "Failed") return { phase: "failed", pod: name, reason: exitReason(pod) };
  const state = containerStatus(pod);
  if (state["running"] !== undefined || state["terminated"] !== undefined) {
    return { phase: "running", pod: name };
  }
  const reason = waitingReason(pod, events);
  const dead = hopeless.has(words(recordOf(state["waiting"])["reason"]));
  return { phase: "waiting", pod: name, reason, ...(dead ? { hopeless: true } : {}) };
}

/** Progress of a Job, from the API's view of it, of its newest pod and of that pod's events. */
export function jobState(
  job: KubernetesObject,
  pod: KubernetesObject | undefined,
  events: readonly KubernetesObject[],
): JobState {
  const failed = condition(job, "Failed");
  if (pod !== undefined) {
    const state = ofPod(pod, events);
    if (failed === undefined || state.phase === "failed") return state;
  }
  if (failed !== undefined) {
    const reason = `${words(failed["reason"])}: ${words(failed["message"])}`;
    return { phase: "failed", reason, ...defined({ pod: pod?.metadata.name }) };
  }
  if (condition(job, "Complete") !== undefined) return { phase: "succeeded" };
  const said = complaint(events);
  return { phase: "waiting", reason: said === "" ? "the Job controller has made no pod yet" : said };
}
