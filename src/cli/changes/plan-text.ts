import { type Change, type ChangeKind, type FieldChange } from "../../plan/index.ts";
import { type StackPlan, summaryOf } from "../../stack/index.ts";
import { lineDiff } from "./line-diff.ts";
import type { Style } from "../terminal/style.ts";

const signs: Readonly<Record<ChangeKind, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  none: " ",
};

function paintOf(kind: ChangeKind, style: Style): (text: string) => string {
  if (kind === "create") return style.green;
  if (kind === "delete") return style.red;
  if (kind === "replace") return style.red;
  return kind === "update" ? style.yellow : style.dim;
}

// What another tool wrote at the provider must not move the cursor of whoever looks at it.
const printable = (text: string): string =>
  /^[\u0020-\u007E\u00A0-\u{10FFFF}]*$/u.test(text) && text !== "" ? text : JSON.stringify(text);

function valueLines(value: unknown): readonly string[] {
  if (typeof value === "string") return [printable(value)];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.map(printable);
  return JSON.stringify(value, undefined, 2).split("\n");
}

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

const isDocument = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function listLines(before: readonly string[], after: readonly string[], style: Style): readonly string[] {
  return [
    ...before.map((one) => (after.includes(one) ? `  ${printable(one)}` : style.red(`- ${printable(one)}`))),
    ...after.filter((one) => !before.includes(one)).map((one) => style.green(`+ ${printable(one)}`)),
  ];
}

function documentLines(before: unknown, after: unknown, style: Style): readonly string[] {
  const text = (value: unknown): string => JSON.stringify(value, undefined, 2);
  const paint = { "+": style.green, "-": style.red, " ": style.dim };
  return lineDiff(text(before), text(after)).map(({ sign, text: line }) => paint[sign](`${sign} ${line}`));
}

/** What one field's value becomes, in lines; the first one may follow the field's name. */
function fieldLines({ before, after }: FieldChange, style: Style): readonly string[] {
  if (before === undefined) return valueLines(after);
  if (isList(before) && isList(after)) return ["", ...listLines(before, after, style)];
  if (isDocument(before) && isDocument(after)) return ["", ...documentLines(before, after, style)];
  const was = valueLines(before);
  if (after !== undefined)
    return [`${style.red(was.join(" "))} → ${style.green(valueLines(after).join(" "))}`];
  if (was.length === 1) return [`${style.red(was.join(" "))} → ${style.red("removed")}`];
  return [style.red("removed"), ...was.map((line) => style.red(`- ${line}`))];
}

function changeLines(change: Change, style: Style): readonly string[] {
  const { resource, kind, fields, reason } = change;
  const paint = paintOf(kind, style);
  const why = reason === undefined ? "" : style.dim(` (${reason})`);
  const width = Math.max(0, ...fields.map(({ field }) => field.length));
  return [
    `${paint(`${signs[kind]} ${resource.id}`)}  ${paint(kind === "none" ? "" : kind)}${why}`.trimEnd(),
    ...fields.flatMap((field) => {
      const [first = "", ...rest] = fieldLines(field, style);
      const indent = " ".repeat(field.before === undefined ? width + 8 : 8);
      return [
        `      ${style.dim(field.field.padEnd(width))}  ${first}`.trimEnd(),
        ...rest.map((line) => indent + line),
      ];
    }),
  ];
}

function headLines({ config, places }: StackPlan, style: Style): readonly string[] {
  return [
    `${style.bold(`stack ${config.stack}`)}, issuer ${config.issuer}`,
    ...places.map(({ where, caller }) => style.dim(`${where}, as ${caller}`)),
  ];
}

function closingLine(changes: readonly Change[]): string {
  const { create, update, replace, delete: gone, none } = summaryOf(changes);
  const parts = [
    [create, "to create"],
    [update, "to change"],
    [replace, "to replace"],
    [gone, "to delete"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  const rest = none === 0 ? "" : `, ${none} unchanged`;
  return said.length === 0 ? `Nothing to do${rest}.` : `${said.join(", ")}${rest}.`;
}

/** A plan in lines for a person: what stays is left out, unless there is something to say about it. */
export function planLines(shown: StackPlan, style: Style): readonly string[] {
  const { changes } = shown.plan;
  const told = changes.filter(({ kind, reason }) => kind !== "none" || reason !== undefined);
  return [
    ...headLines(shown, style),
    "",
    ...told.flatMap((change) => changeLines(change, style)),
    ...(told.length === 0 ? [] : [""]),
    closingLine(changes),
  ];
}
