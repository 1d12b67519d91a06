import type { Selector } from "./facts.ts";

type Labels = Readonly<Record<string, string>>;
type Expression = NonNullable<Selector["matchExpressions"]>[number];

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labels[key];
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const listed = value !== undefined && values.includes(value);
  return operator === "In" ? listed : !listed;
}

/**
 * Whether a label selector fits labels; an empty one fits all (LabelSelector of meta/v1:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/).
 */
export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  const same = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return same && matchExpressions.every((one) => holds(one, labels));
}
