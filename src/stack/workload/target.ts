import { defined, mapped, nearest, PodtrustError } from "../../core/base/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../config/index.ts";
import type { RoleAccess } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { namespaceProblem, serviceAccountProblem } from "../../rules/oidc/index.ts";
import { roleArnOf, trusts } from "../parts/index.ts";
import type { StackOwner } from "../../rules/plan/index.ts";

/** What a command line says about a workload, beside the config. */
export interface WorkloadSpec {
  /** NAMESPACE/NAME of its ServiceAccount. */
  readonly serviceAccount: string;
  /** Which role, if several trust it. */
  readonly role?: string;
  /** Which account, if several have such a role. */
  readonly account?: string;
  /** The account's first audience by default. */
  readonly audience?: string;
  /** Seconds of the projected token; 3600 by default. */
  readonly expirationSeconds?: number;
}

/** All that a workload's manifests say. */
export interface WorkloadTarget extends RoleAccess, StackOwner {
  readonly issuer: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly account: AwsConfig;
  readonly role: RoleConfig;
}

// The API server's limit on a projected token (ValidateServiceAccountTokenProjection).
const shortestToken = 600;
const maxToken = 2 ** 32;
const defaultToken = 3600;

interface Candidate {
  readonly account: AwsConfig;
  readonly role: RoleConfig;
}

/** The two halves of NAMESPACE/NAME; throws `subject-invalid`. */
export function namesOf(text: string): readonly [namespace: string, name: string] {
  const [namespace = "", name = "", ...rest] = text.split("/");
  const problem =
    rest.length > 0 ? "it has a second slash" : (namespaceProblem(namespace) ?? serviceAccountProblem(name));
  if (problem === undefined) return [namespace, name];
  throw new PodtrustError("subject-invalid", `"${text}" is not of the form NAMESPACE/NAME: ${problem}`);
}

function candidates(config: Config, spec: WorkloadSpec): readonly Candidate[] {
  return config.aws
    .filter(({ account }) => spec.account === undefined || account === spec.account)
    .flatMap((account) => account.roles.map((role) => ({ account, role })))
    .filter(({ role }) => spec.role === undefined || role.name === spec.role)
    .filter(({ account, role }) => trusts({ issuer: config.issuer, account, role }, spec.serviceAccount));
}

function noRole(config: Config, spec: WorkloadSpec): PodtrustError {
  const known = config.aws.flatMap(({ roles }) => roles.flatMap(({ serviceAccounts }) => serviceAccounts));
  const near = nearest(spec.serviceAccount, known);
  const which = [
    spec.role === undefined ? "no role" : `no role ${spec.role}`,
    spec.account === undefined ? "of the config" : `of account ${spec.account} in the config`,
  ].join(" ");
  return new PodtrustError("workload-role-unknown", `${which} trusts ${spec.serviceAccount}`, {
    ...defined({
      next: mapped(near, (name) => `Did you mean ${name}? Else add it to a role's serviceAccounts.`),
    }),
    detail: { serviceAccount: spec.serviceAccount, known: [...new Set(known)] },
  });
}

function chosen(config: Config, spec: WorkloadSpec): Candidate {
  if (config.aws.length === 0) {
    throw new PodtrustError("config-without-aws", `${config.file} names no AWS account`);
  }
  const found = candidates(config, spec);
  const [first, second] = found;
  if (first === undefined) throw noRole(config, spec);
  if (second === undefined) return first;
  const names = found.map(({ account, role }) => `${role.name} in ${account.account}`).join(", ");
  throw new PodtrustError("workload-role-unknown", `several roles trust ${spec.serviceAccount}: ${names}`, {
    next: "Name one by --role NAME, and its account by --account ID where both have it.",
    detail: { serviceAccount: spec.serviceAccount },
  });
}

function checkedLifetime(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= shortestToken && seconds <= maxToken) return seconds;
  const bound = seconds > maxToken ? "2^32 seconds at most" : "600 at least";
  throw new PodtrustError(
    "token-lifetime",
    `a projected token of ${seconds} s: Kubernetes takes whole seconds, ${bound}`,
    { detail: { expirationSeconds: seconds, min: shortestToken, max: maxToken } },
  );
}

function checkedAudience(account: AwsConfig, spec: WorkloadSpec): string {
  const [defaultAudience = ""] = account.audiences;
  const audience = spec.audience ?? defaultAudience;
  if (account.audiences.includes(audience)) return audience;
  const near = nearest(audience, account.audiences) ?? defaultAudience;
  throw new PodtrustError("usage", `account ${account.account} does not accept the audience ${audience}`, {
    next: `Take ${near}, or add the audience to the account in the config.`,
    detail: { audience, accepted: account.audiences },
  });
}

/**
 * What the config says for a ServiceAccount. Throws `subject-invalid`, `config-without-aws`,
 * `workload-role-unknown`, `token-lifetime` or `usage`.
 */
export function workloadTarget(config: Config, spec: WorkloadSpec): WorkloadTarget {
  const [namespace, serviceAccount] = namesOf(spec.serviceAccount);
  const expirationSeconds = checkedLifetime(spec.expirationSeconds ?? defaultToken);
  const { account, role } = chosen(config, spec);
  return {
    stack: config.stack,
    identity: config.identity,
    issuer: config.issuer,
    namespace,
    serviceAccount,
    account,
    role,
    roleArn: roleArnOf(account, role),
    region: account.region,
    sessionName: role.sessionName,
    audience: checkedAudience(account, spec),
    expirationSeconds,
    ...defined({ stsRegionalEndpoints: account.stsRegionalEndpoints }),
  };
}

/** The ServiceAccount of a workload. */
export function serviceAccountObject(
  { namespace, serviceAccount }: Pick<WorkloadTarget, "namespace" | "serviceAccount">,
  labels?: Readonly<Record<string, string>>,
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: serviceAccount, namespace, ...defined({ labels }) },
  };
}
