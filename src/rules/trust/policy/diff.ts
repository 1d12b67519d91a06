import { canonicalPolicy } from "./canonical.ts";
import type { PolicyDocument, Principals, Statement } from "../language/document.ts";

/** One thing in which two policies differ. */
export interface PolicyChange {
  /** `Version`, `statement 1`, `statement "Read" Action`, `statement 1 Condition StringEquals x:sub`. */
  readonly at: string;
  readonly kind: "added" | "removed" | "changed";
  /** Values that only the first has. */
  readonly before: readonly string[];
  /** Values that only the second has. */
  readonly after: readonly string[];
  /** As a sentence: `statement 1 Action: + ssm:GetParameters, - ssm:*`. */
  readonly message: string;
}

function change(at: string, before: readonly string[], after: readonly string[]): PolicyChange {
  const kind = before.length === 0 ? "added" : after.length === 0 ? "removed" : "changed";
  const parts = [...after.map((value) => `+ ${value}`), ...before.map((value) => `- ${value}`)];
  return { at, kind, before, after, message: `${at}: ${parts.join(", ")}` };
}

function difference(
  at: string,
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly PolicyChange[] {
  const gone = (before ?? []).filter((value) => after?.includes(value) !== true);
  const come = (after ?? []).filter((value) => before?.includes(value) !== true);
  return gone.length + come.length === 0 ? [] : [change(at, gone, come)];
}

/** A statement's fields as lists under their names in the document. */
function fields(statement: Statement): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([["Effect", [statement.effect]]]);
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) found.set(name, values);
  };
  const addPrincipals = (element: string, principals: Principals = {}): void => {
    for (const [type, values] of Object.entries(principals))
      add(type === "*" ? element : `${element} ${type}`, values);
  };
  addPrincipals("Principal", statement.principals);
  addPrincipals("NotPrincipal", statement.notPrincipals);
  add("Action", statement.actions);
  add("NotAction", statement.notActions);
  add("Resource", statement.resources);
  add("NotResource", statement.notResources);
  // A condition without values still counts, and is never true.
  for (const { operator, key, values } of statement.conditions) {
    add(`Condition ${operator} ${key}`, values.length === 0 ? ["(nothing)"] : values);
  }
  return found;
}

function nameOf(statement: Statement, index: number): string {
  return statement.sid === undefined
    ? `statement ${index + 1}`
    : `statement ${JSON.stringify(statement.sid)}`;
}

function statementChanges(name: string, before: Statement, after: Statement): readonly PolicyChange[] {
  const [a, b] = [fields(before), fields(after)];
  const all = [...new Set([...a.keys(), ...b.keys()])];
  const sids = difference(
    `${name} Sid`,
    before.sid === undefined ? undefined : [before.sid],
    after.sid === undefined ? undefined : [after.sid],
  );
  return [...sids, ...all.flatMap((field) => difference(`${name} ${field}`, a.get(field), b.get(field)))];
}

type Pairs = readonly (readonly [number, number])[];

/** Pairs the statements of both policies: the same Sid, else the same content, else the same place. */
function pairs(before: readonly Statement[], after: readonly Statement[]): Pairs {
  const [taken, found] = [new Set<number>(), new Map<number, number>()];
  const pairUp = (fits: (a: Statement, b: Statement, i: number, j: number) => boolean): void => {
    for (const [i, a] of before.entries()) {
      const j = found.has(i) ? -1 : after.findIndex((b, at) => !taken.has(at) && fits(a, b, i, at));
      if (j < 0) continue;
      found.set(i, j);
      taken.add(j);
    }
  };
  pairUp((a, b) => a.sid !== undefined && a.sid === b.sid);
  pairUp((a, b) => JSON.stringify(a) === JSON.stringify(b));
  pairUp((a, b, i, j) => i === j && (a.sid === undefined || b.sid === undefined));
  return [...found];
}

function whole(statement: Statement): readonly string[] {
  return [...fields(statement)].map(([field, values]) => `${field} ${values.join(" | ")}`);
}

/**
 * What changed from one policy to the next, field by field, in canonical form: order of values, scalars and lists,
 * and the case of a service's name do not count. Empty when both decide alike because they say the same; the order
 * of statements has no effect either.
 */
export function diffPolicies(before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] {
  const [a, b] = [canonicalPolicy(before), canonicalPolicy(after)];
  const paired = pairs(a.statements, b.statements);
  const [left, right] = [new Set(paired.map(([i]) => i)), new Set(paired.map(([, j]) => j))];
  const removed = a.statements.flatMap((one, i) =>
    left.has(i) ? [] : [change(nameOf(one, i), whole(one), [])],
  );
  const added = b.statements.flatMap((one, j) =>
    right.has(j) ? [] : [change(nameOf(one, j), [], whole(one))],
  );
  const changed = paired.flatMap(([i, j]) => {
    const [one, other] = [a.statements[i] as Statement, b.statements[j] as Statement];
    return statementChanges(nameOf(one, i), one, other);
  });
  const ids = [a.id, b.id].map((id) => (id === undefined ? undefined : [id]));
  return [
    ...difference("Version", [a.version], [b.version]),
    ...difference("Id", ids[0], ids[1]),
    ...changed,
    ...removed,
    ...added,
  ];
}
