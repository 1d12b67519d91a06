import { type Clock, PodtrustError } from "../base/index.ts";
import { parseJws } from "../oidc/index.ts";
import { cast } from "./cast.ts";
import { runJob, type Workload } from "./job.ts";
import type { Narrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";
import { mintToken } from "./tokens.ts";

/** What the workload found once it was let in. */
export interface Inside {
  /** The token it was let in with; a usable credential. */
  readonly goodToken: string;
  readonly arn: string;
  /** Names of the parameters that it may read. */
  readonly parameters: readonly string[];
}

function tokenDetail(jwt: string, clock: Clock): string {
  const { claims } = parseJws(jwt);
  const left = Math.round((Number(claims["exp"]) * 1000 - clock.now()) / 60_000);
  return `sub ${String(claims["sub"])}, aud ${String(claims["aud"])}, good for ${left} minutes`;
}

/** Runs the workload as the cluster would, and tells the links from its ServiceAccount to what AWS opens to it. */
export async function tellWorkload(stage: Stage, workload: Workload, narrator: Narrator): Promise<Inside> {
  const goodToken = await narrator.during("token", () =>
    mintToken(stage, cast.serviceAccount, cast.audience),
  );
  await narrator.link("serviceaccount", () => Promise.resolve(`${cast.namespace}/${cast.serviceAccount}`));
  const variables =
    "AWS_REGION, AWS_DEFAULT_REGION, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME and AWS_WEB_IDENTITY_TOKEN_FILE";
  await narrator.link("injection", () =>
    Promise.resolve(`${variables}, set in a child process that stands in for a pod and inherits nothing`),
  );
  await narrator.link("token", () => Promise.resolve(tokenDetail(goodToken, stage.clock)));
  const { identity, parameters, error } = await narrator.during("sts", () =>
    runJob(workload, { token: goodToken, path: "/demo" }),
  );
  const broken = (): PodtrustError =>
    new PodtrustError("demo-job-failed", `${error?.call}: ${error?.code}: ${error?.message}`);
  await narrator.link("sts", () =>
    identity === undefined
      ? Promise.reject(broken())
      : Promise.resolve(`GetCallerIdentity answers ${identity.arn}`),
  );
  await narrator.link("permission", () =>
    parameters === undefined
      ? Promise.reject(broken())
      : Promise.resolve(`may read ${parameters.join(", ")}`),
  );
  return { goodToken, arn: identity?.arn ?? "", parameters: parameters ?? [] };
}
