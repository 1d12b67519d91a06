import type { KubernetesObject } from "../../kubernetes/index.ts";

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const items = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);

/** What a pod should have been given. */
export interface Injected {
  readonly roleArn: string;
  readonly audiences: readonly string[];
}

/** The projected tokens of a pod: where each of them is in a container. */
function tokenFiles(spec: Fields, container: Fields): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const volume of items(spec["volumes"])) {
    const mount = items(container["volumeMounts"]).find((one) => one["name"] === volume["name"]);
    const path = mount?.["mountPath"];
    if (typeof path !== "string") continue;
    for (const source of items(fields(volume["projected"])["sources"])) {
      const token = fields(source["serviceAccountToken"]);
      if (typeof token["path"] !== "string") continue;
      const audience = typeof token["audience"] === "string" ? token["audience"] : "the API server's own";
      files.set(`${path.replace(/\/+$/u, "")}/${token["path"]}`, audience);
    }
  }
  return files;
}

/** A value that a ConfigMap or Secret gives, which is not looked at. */
const elsewhere: unique symbol = Symbol("elsewhere");

function valueOf(container: Fields, name: string): string | typeof elsewhere | undefined {
  const variable = items(container["env"]).find((one) => one["name"] === name);
  if (variable?.["valueFrom"] !== undefined) return elsewhere;
  const value = variable?.["value"];
  return typeof value === "string" ? value : undefined;
}

/** What is wrong with one container; undefined when nothing is, or when it does not mean to call AWS. */
function containerProblem(spec: Fields, container: Fields, wanted: Injected): string | undefined {
  const role = valueOf(container, "AWS_ROLE_ARN");
  const file = valueOf(container, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (role === elsewhere || file === elsewhere) return undefined;
  if (role === undefined && file === undefined)
    return "has neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE";
  if (role !== wanted.roleArn) return `has AWS_ROLE_ARN ${role ?? "unset"} in place of ${wanted.roleArn}`;
  if (file === undefined) return "has no AWS_WEB_IDENTITY_TOKEN_FILE";
  const audience = tokenFiles(spec, container).get(file);
  if (audience === undefined) return `mounts no projected token at ${file}`;
  if (wanted.audiences.includes(audience)) return undefined;
  return `has a token for the audience ${audience}, which the OIDC provider does not accept`;
}

/**
 * What keeps a pod from using its role, in words; undefined when one of its containers has all it takes. Sidecars
 * need nothing of it, so one container is enough.
 */
export function injectionProblem(pod: KubernetesObject, wanted: Injected): string | undefined {
  const spec = fields(pod["spec"]);
  const containers = [...items(spec["containers"]), ...items(spec["initContainers"])];
  const problems = containers.map((container) => containerProblem(spec, container, wanted));
  if (problems.includes(undefined)) return undefined;
  const telling = problems.find((problem) => problem?.startsWith("has neither") === false);
  return telling ?? problems[0] ?? "has no container";
}

/** Whether a pod is still of interest: one that has ended needs no token. */
export function isAlive(pod: KubernetesObject): boolean {
  const { phase } = fields(pod["status"]);
  return phase !== "Succeeded" && phase !== "Failed";
}
