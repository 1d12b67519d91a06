import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { mountedPath, type PodSpec, tokenFiles } from "./pod.ts";

/** Why a pod cannot use its role. */
export type InjectionReason = Extract<
  Reason,
  | "PodNotInjected"
  | "PodRoleDiffers"
  | "PodTokenNotMounted"
  | "PodAudienceRefused"
  | "PodStaticCredentials"
  | "PodRegionMissing"
>;

/** What is wrong with a pod. */
export interface InjectionProblem {
  readonly reason: InjectionReason;
  /** As the end of a sentence that begins with the pod: `has no AWS_WEB_IDENTITY_TOKEN_FILE`. */
  readonly text: string;
}

/** What a pod should have been given. */
export interface ExpectedRole {
  readonly roleArn: string;
  /** Those that the OIDC provider accepts. */
  readonly audiences: readonly string[];
}

/** A value that a ConfigMap or Secret gives, which is not looked at. */
const elsewhere: unique symbol = Symbol("elsewhere");

function valueOf(container: JsonRecord, name: string): string | typeof elsewhere | undefined {
  const variable = recordsOf(container["env"]).find((one) => one["name"] === name);
  return variable?.["valueFrom"] === undefined ? textOf(variable?.["value"]) : elsewhere;
}

const has = (container: JsonRecord, name: string): boolean => valueOf(container, name) !== undefined;

/** A variable that a ConfigMap or Secret may hold as a whole (envFrom), which is not looked at either. */
const hasUnseen = (container: JsonRecord): boolean => recordsOf(container["envFrom"]).length > 0;

/** A sidecar may well need no role, so that another container's problem says more. */
const noVariables: InjectionProblem = {
  reason: "PodNotInjected",
  text: "has neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE",
};

function tokenProblem(
  spec: PodSpec,
  container: JsonRecord,
  wanted: ExpectedRole,
): InjectionProblem | "unseen" | undefined {
  const role = valueOf(container, "AWS_ROLE_ARN");
  const file = valueOf(container, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (role === elsewhere || file === elsewhere) return "unseen";
  if (role === undefined && file === undefined) {
    return noVariables;
  }
  if (role !== wanted.roleArn) {
    return {
      reason: "PodRoleDiffers",
      text: `has AWS_ROLE_ARN ${role ?? "unset"} in place of ${wanted.roleArn}`,
    };
  }
  if (file === undefined) {
    return { reason: "PodNotInjected", text: "has no AWS_WEB_IDENTITY_TOKEN_FILE" };
  }
  const audience = tokenFiles(spec, container).get(mountedPath(file));
  if (audience === undefined)
    return { reason: "PodTokenNotMounted", text: `mounts no projected token at ${file}` };
  if (wanted.audiences.includes(audience)) return undefined;
  return {
    reason: "PodAudienceRefused",
    text: `has a token for the audience ${audience}, which the OIDC provider does not accept`,
  };
}

/** What is wrong with one container; undefined when nothing is, or when what it has cannot be seen. */
function containerProblem(
  spec: PodSpec,
  container: JsonRecord,
  wanted: ExpectedRole,
): InjectionProblem | undefined {
  const problem = tokenProblem(spec, container, wanted);
  if (problem === "unseen") return undefined;
  if (problem !== undefined) return problem;
  // Every SDK's chain of credentials begins with these two.
  if (has(container, "AWS_ACCESS_KEY_ID")) {
    return {
      reason: "PodStaticCredentials",
      text: "has AWS_ACCESS_KEY_ID, which every AWS SDK takes before the role",
    };
  }
  const regions = ["AWS_REGION", "AWS_DEFAULT_REGION"];
  if (hasUnseen(container) || regions.some((name) => has(container, name))) return undefined;
  return { reason: "PodRegionMissing", text: `has neither ${regions.join(" nor ")}` };
}

/** A container that asks for the role by its variables and cannot have it: it is no sidecar that needs none. */
function isAsking(container: JsonRecord, problem: InjectionProblem | undefined): boolean {
  const broken = problem?.reason === "PodTokenNotMounted" || problem?.reason === "PodAudienceRefused";
  return broken && has(container, "AWS_WEB_IDENTITY_TOKEN_FILE");
}

/**
 * What keeps a pod from using its role; undefined when one of its containers has all it needs, and none asks for the
 * role without its token. Sidecars need nothing of it, so one container is enough. With `PodRegionMissing` the role can
 * be had, but most clients then still ask for a region.
 */
export function injectionProblem(pod: JsonRecord, wanted: ExpectedRole): InjectionProblem | undefined {
  const spec = recordOf(pod["spec"]);
  const containers = [...recordsOf(spec["containers"]), ...recordsOf(spec["initContainers"])];
  const judged = containers.map((container) => ({
    container,
    problem: containerProblem(spec, container, wanted),
  }));
  const broken = judged.find(({ container, problem }) => isAsking(container, problem));
  if (broken !== undefined) return broken.problem;
  const problems = judged.map(({ problem }) => problem);
  if (problems.includes(undefined)) return undefined;
  const nearly = problems.find((problem) => problem?.reason === "PodRegionMissing");
  const specific = problems.find((problem) => problem !== noVariables);
  return nearly ?? specific ?? problems[0] ?? { reason: "PodNotInjected", text: "has no container" };
}
