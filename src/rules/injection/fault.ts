import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { configAnnotation } from "./annotations.ts";
import { annotationsOf, type Surroundings } from "./annotated-access.ts";
import { inject, type Injection } from "./inject.ts";
import { configFor, withoutPlace } from "./inject-role.ts";
import { containerTokenName, tokenVolumeName } from "./mount-paths.ts";
import { noPlace } from "./notes.ts";
import { containersOf } from "./pod.ts";
import { injectionProblem } from "./problem.ts";
import type { RoleAccess } from "./role-access.ts";
import { variableGroupNames } from "./variables.ts";

/** How a pod differs from what injection would have made of it. */
export interface InjectionFault {
  readonly reason: Extract<
    Reason,
    "PodNotInjected" | "PodInjectionStale" | "PodRoleDiffers" | "PodTokenNotMounted" | "PodAudienceRefused"
  >;
  /** As the end of a sentence that begins with the pod. */
  readonly text: string;
}

type Injected = Extract<Injection, { readonly outcome: "injected" }>;

const variablesOf = (container: JsonRecord | undefined): readonly unknown[] =>
  recordsOf(container?.["env"]).map(({ name }) => name);

/** What injection would still do: the first thing without which there is no role, else the first of the rest. */
function remaining(pod: JsonRecord, { pod: injected, access }: Injected): InjectionFault {
  const after = containersOf(injected);
  const lacks = containersOf(pod).flatMap((container, index) => {
    const present = variablesOf(container);
    return variablesOf(after[index])
      .filter((name) => !present.includes(name))
      .map((variable) => ({ container: String(container["name"]), variable: String(variable) }));
  });
  const [group, volume] =
    access === undefined
      ? [variableGroupNames.container, containerTokenName]
      : [variableGroupNames.role, tokenVolumeName];
  const isRole = (name: string): boolean => (group as readonly string[]).includes(name);
  const role = lacks.find(({ variable }) => isRole(variable));
  if (role !== undefined)
    return { reason: "PodNotInjected", text: `has no ${role.variable} in the container ${role.container}` };
  const volumes = recordsOf(recordOf(pod["spec"])["volumes"]).map(({ name }) => name);
  if (!volumes.includes(volume)) return { reason: "PodNotInjected", text: `has no volume ${volume}` };
  const [first] = lacks;
  const what = first === undefined ? "something" : `${first.variable} in the container ${first.container}`;
  return {
    reason: "PodInjectionStale",
    text: `lacks ${what}, for which its ServiceAccount or namespace asks now`,
  };
}

/** Profiles in a pod's config file that its ServiceAccount no longer asks for. */
function configFault(pod: JsonRecord, access: RoleAccess): InjectionFault | undefined {
  const text = annotationsOf(pod)[configAnnotation];
  if (text === undefined || text === configFor(pod, access)) return undefined;
  return {
    reason: "PodInjectionStale",
    text: `has other profiles in ${configAnnotation} than its ServiceAccount asks for now`,
  };
}

/** A container that injection has no place for the token in, so that it gets no role. */
function placeFault(
  pod: JsonRecord,
  access: RoleAccess,
  skipped: readonly string[],
): InjectionFault | undefined {
  const found = withoutPlace(pod, access, skipped);
  if (found === undefined) return undefined;
  const text = `has no place for its token in the container ${String(found["name"])}${noPlace}`;
  return { reason: "PodTokenNotMounted", text };
}

/** What the containers that are not skipped have in place of their ServiceAccount's role. */
function roleFault(
  pod: JsonRecord,
  access: RoleAccess,
  skipped: readonly string[],
): InjectionFault | undefined {
  const containers = containersOf(pod).filter(({ name }) => !skipped.includes(String(name)));
  const spec = { volumes: recordOf(pod["spec"])["volumes"], containers };
  const problem = injectionProblem({ spec }, { roleArn: access.roleArn, audiences: [access.audience] });
  switch (problem?.reason) {
    case "PodRoleDiffers":
    case "PodTokenNotMounted":
    case "PodAudienceRefused":
      return { reason: problem.reason, text: problem.text };
    // Nothing more is injected into such a pod: its role is had by its profiles, or what it lacks is not injection's.
    case "PodNotInjected":
    case "PodStaticCredentials":
    case "PodRegionMissing":
    case undefined:
      return undefined;
  }
}

/**
 * Whether a pod is as injection makes it, and if not, why: finds pods that were made while nothing injected, or before
 * an annotation changed. Undefined for a pod that is as it should be, and for one that should have nothing (`inject`
 * says why).
 *
 * It may be what the pod's own template says, such as a role of its own: then a pod made anew is the same, which
 * `injectionFault(inject(template).pod)` shows before it is made.
 */
export function injectionFault(pod: JsonRecord, around: Surroundings): InjectionFault | undefined {
  const result = inject(pod, around);
  if (result.outcome === "untouched") return undefined;
  if (result.skipped.length === containersOf(pod).length) return undefined;
  if (result.pod !== pod) return remaining(pod, result);
  const { access, skipped } = result;
  if (access === undefined) return undefined;
  return configFault(pod, access) ?? placeFault(pod, access, skipped) ?? roleFault(pod, access, skipped);
}
