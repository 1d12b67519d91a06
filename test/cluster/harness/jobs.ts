import type { Cluster } from "./cluster.ts";
import { maxWait } from "../../support/until.ts";

export type JobOutcome = "Complete" | "Failed";

interface JobStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function outcomeOf(cluster: Cluster, namespace: string, name: string): Promise<JobOutcome | undefined> {
  const { text } = await cluster.ask(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
  const { status } = JSON.parse(text) as JobStatus;
  const ends = status?.conditions?.filter((condition) => condition.status === "True") ?? [];
  return ends.map(({ type }) => type).find((type) => type === "Complete" || type === "Failed");
}

/**
 * Waits until a Job has come to its end and gives it; after `timeoutMs` (ten minutes) an error with what Kubernetes says
 * of the Job's pods.
 */
export async function untilJobEnds(
  cluster: Cluster,
  namespace: string,
  name: string,
  timeoutMs = maxWait,
): Promise<JobOutcome> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const outcome = await outcomeOf(cluster, namespace, name);
    if (outcome !== undefined) return outcome;
    if (performance.now() > deadline) {
      const pods = await cluster.kubectl([
        "describe",
        "pods",
        `--namespace=${namespace}`,
        `--selector=job-name=${name}`,
      ]);
      throw new Error(`Job ${namespace}/${name} did not end in ${timeoutMs} ms.\n${pods}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
