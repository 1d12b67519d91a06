import { type Clock, PodtrustError } from "../core/base/index.ts";
import { parseJws } from "../rules/oidc/index.ts";
import { example } from "./example.ts";
import { runJob, type Workload } from "./job.ts";
import type { LinkReporter } from "./link-reporter.ts";
import type { Stage } from "./stage.ts";
import { mintToken } from "./tokens.ts";

/** What the workload could read once it was authorized. */
export interface WorkloadAccess {
  /** The token that was accepted; a usable credential. */
  readonly goodToken: string;
  readonly arn: string;
  /** Names of the parameters that it may read. */
  readonly parameters: readonly string[];
}

/** A token's claims, for a person. */
export function tokenDetail(jwt: string, clock: Clock): string {
  const { claims } = parseJws(jwt);
  const left = Math.round((Number(claims["exp"]) * 1000 - clock.now()) / 60_000);
  return `sub ${String(claims["sub"])}, aud ${String(claims["aud"])}, good for ${left} minutes`;
}

/** Runs the workload as the cluster would, and reports the links from its ServiceAccount to what AWS allows it. */
export async function reportWorkload(
  stage: Stage,
  workload: Workload,
  reporter: LinkReporter,
): Promise<WorkloadAccess> {
  const goodToken = await reporter.during("token", () =>
    mintToken(stage, example.serviceAccount, example.audience),
  );
  await reporter.link("serviceaccount", () =>
    Promise.resolve(`${example.namespace}/${example.serviceAccount}`),
  );
  const variables =
    "AWS_REGION, AWS_DEFAULT_REGION, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME and AWS_WEB_IDENTITY_TOKEN_FILE";
  await reporter.link("injection", () =>
    Promise.resolve(`${variables}, set in a child process that stands in for a pod and inherits nothing`),
  );
  await reporter.link("token", () => Promise.resolve(tokenDetail(goodToken, stage.clock)));
  return { goodToken, ...(await reportAccess(workload, reporter, goodToken)) };
}

/** Trades a token for credentials, as the workload's SDK does, and reports what they allow. */
export async function reportAccess(
  workload: Workload,
  reporter: LinkReporter,
  token: string,
): Promise<Omit<WorkloadAccess, "goodToken">> {
  const { identity, parameters, error } = await reporter.during("sts", () =>
    runJob(workload, { token, path: "/demo" }),
  );
  const broken = (): PodtrustError =>
    new PodtrustError("demo-job-failed", `${error?.call}: ${error?.code}: ${error?.message}`);
  await reporter.link("sts", () =>
    identity === undefined
      ? Promise.reject(broken())
      : Promise.resolve(`GetCallerIdentity answers ${identity.arn}`),
  );
  await reporter.link("permission", () =>
    parameters === undefined
      ? Promise.reject(broken())
      : Promise.resolve(`may read ${parameters.join(", ")}`),
  );
  return { arn: identity?.arn ?? "", parameters: parameters ?? [] };
}
