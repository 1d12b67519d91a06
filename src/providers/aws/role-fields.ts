import type { FieldChange, Tags } from "../../rules/plan/index.ts";
import type { RoleState } from "./role.ts";
import { canonicalText, samePolicy } from "./same-policy.ts";
import { roleTagChanges } from "./tags.ts";

/** The desired role, in the form in which IAM has it. */
export interface DesiredRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly trustPolicy: string;
  readonly description: string;
  /** Seconds. */
  readonly maxSession: number;
  readonly boundary: string | undefined;
  readonly policies: readonly string[];
  readonly inline: Readonly<Record<string, string>>;
  readonly tags: Tags;
}

const sorted = (list: readonly string[]): readonly string[] => [...list].sort();

const shown = (text: string, kind: "trust" | "identity"): unknown => {
  const canonical = canonicalText(text, kind);
  try {
    return JSON.parse(canonical) as unknown;
  } catch {
    return canonical;
  }
};

function inlineFields(desired: DesiredRole, before: RoleState["inline"]): readonly FieldChange[] {
  const names = sorted([...new Set([...Object.keys(before), ...Object.keys(desired.inline)])]);
  return names.flatMap((name): FieldChange[] => {
    const was = before[name];
    const after = desired.inline[name];
    if (was !== undefined && after !== undefined && samePolicy(was, after, "identity")) return [];
    const view = (text: string | undefined): unknown =>
      text === undefined ? undefined : shown(text, "identity");
    return [{ field: `inline.${name}`, before: view(was), after: view(after) }];
  });
}

/** The differences between a role and the desired one; its path and name are not among the fields. */
export function changedFields(desired: DesiredRole, before: RoleState): readonly FieldChange[] {
  const fields: FieldChange[] = [];
  if (!samePolicy(before.trustPolicy, desired.trustPolicy, "trust")) {
    const [was, after] = [shown(before.trustPolicy, "trust"), shown(desired.trustPolicy, "trust")];
    fields.push({ field: "trustPolicy", before: was, after });
  }
  for (const field of ["description", "maxSession", "boundary"] as const) {
    if (before[field] !== desired[field])
      fields.push({ field, before: before[field], after: desired[field] });
  }
  const [attached, spec] = [sorted(before.policies), sorted(desired.policies)];
  if (attached.join("\n") !== spec.join("\n")) {
    fields.push({ field: "policies", before: attached, after: spec });
  }
  return [
    ...fields,
    ...inlineFields(desired, before.inline),
    ...roleTagChanges(before.tags, desired.tags).fields,
  ];
}

/** Every field of a role that does not exist yet. */
export function newFields(desired: DesiredRole): readonly FieldChange[] {
  const { path, description, maxSession, boundary, policies } = desired;
  const plain: [string, unknown][] = [
    ["path", path],
    ["trustPolicy", shown(desired.trustPolicy, "trust")],
    ["description", description === "" ? undefined : description],
    ["maxSession", maxSession],
    ["boundary", boundary],
    ["policies", policies.length === 0 ? undefined : sorted(policies)],
  ];
  const fields = plain.flatMap(([field, after]): FieldChange[] =>
    after === undefined ? [] : [{ field, before: undefined, after }],
  );
  return [...fields, ...inlineFields(desired, {}), ...roleTagChanges({}, desired.tags).fields];
}
