import { recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { Injection } from "./inject.ts";
import { allSkipped, saying, shownValue } from "./notes.ts";
import { containersOf } from "./pod.ts";
import { variableNames } from "./variables.ts";

/** The role that a container names as a text: empty where it is elsewhere, undefined where it names none. */
function roleOf(container: Readonly<Record<string, unknown>>): string | undefined {
  const variable = recordsOf(container["env"]).find(({ name }) => name === variableNames.role);
  return variable === undefined ? undefined : (textOf(variable["value"]) ?? "");
}

/**
 * The warnings to the creator of a pod, in the sentences of the policies that warn: which annotations cannot be used,
 * and why a pod lacks the role of its ServiceAccount.
 */
export function injectionWarnings(result: Injection): readonly string[] {
  const ofNotes = result.notes.map(({ reason, text }) => saying(reason, text));
  if (result.outcome === "untouched") return ofNotes;
  const { pod, access, skipped } = result;
  const meant = containersOf(pod).filter(({ name }) => !skipped.includes(String(name)));
  if (meant.length === 0) return [saying("InjectionSkipped", allSkipped), ...ofNotes];
  if (access === undefined) return ofNotes;
  const roles = meant.map(roleOf);
  const own = roles.find((role) => role !== undefined && role !== "");
  if (own === undefined || roles.some((role) => [undefined, "", access.roleArn].includes(role)))
    return ofNotes;
  const account = textOf(recordOf(pod["spec"])["serviceAccountName"]) ?? "default";
  const asks = `and ServiceAccount ${account} asks for ${access.roleArn}`;
  return [
    saying("PodRoleDiffers", `the pod has ${variableNames.role} ${shownValue(own)}, ${asks}`),
    ...ofNotes,
  ];
}
