import { isRecord, isTexts } from "../../core/base/index.ts";
import { type Change, type ChangeKind, type FieldChange, isKnownAfter } from "../../rules/plan/index.ts";
import { shownIssuer, type ShownPlan, summaryOf } from "../../stack/index.ts";
import { lineDiff } from "./line-diff.ts";
import { bold, dim, green, red, type Text, rich, visible, yellow } from "../../core/terminal/index.ts";

const signs: Readonly<Record<ChangeKind, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  blocked: "!",
  none: " ",
};

function paintOf(kind: ChangeKind): (said: string) => Text {
  if (kind === "create") return green;
  if (kind === "delete") return red;
  if (kind === "replace" || kind === "blocked") return red;
  return kind === "update" ? yellow : dim;
}

// Empty text, and what another tool wrote for a terminal instead of a person, is quoted.
const printable = (value: string): string =>
  value !== "" && visible(value) === value ? value : JSON.stringify(value);

function valueLines(value: unknown): readonly string[] {
  if (isKnownAfter(value)) return [`(known after ${printable(value.knownAfter)})`];
  if (typeof value === "string") return [printable(value)];
  if (isTexts(value)) return value.map(printable);
  return JSON.stringify(value, undefined, 2).split("\n");
}

function listLines(before: readonly string[], after: readonly string[]): readonly Text[] {
  return [
    ...before.map((one) => (after.includes(one) ? `  ${printable(one)}` : red(`- ${printable(one)}`))),
    ...after.filter((one) => !before.includes(one)).map((one) => green(`+ ${printable(one)}`)),
  ];
}

function documentLines(before: unknown, after: unknown): readonly Text[] {
  const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
  const paint = { "+": green, "-": red, " ": dim };
  return lineDiff(json(before), json(after)).map(({ sign, text: line }) => paint[sign](`${sign} ${line}`));
}

/** What one field's value becomes, in lines; the first one may follow the field's name. */
function fieldLines({ before, after }: FieldChange): readonly Text[] {
  if (before === undefined) return valueLines(after);
  if (isTexts(before) && isTexts(after)) return ["", ...listLines(before, after)];
  if (isRecord(before) && isRecord(after) && !isKnownAfter(after))
    return ["", ...documentLines(before, after)];
  const was = valueLines(before);
  if (after !== undefined) return [rich`${red(was.join(" "))} → ${green(valueLines(after).join(" "))}`];
  if (was.length === 1) return [rich`${red(was.join(" "))} → ${red("removed")}`];
  return [red("removed"), ...was.map((line) => red(`- ${line}`))];
}

const lineAt = (indent: number, said: Text): Text => rich`${" ".repeat(indent)}${said}`;

function fieldText(field: FieldChange, width: number): readonly Text[] {
  const lines = fieldLines(field);
  const [first = "", ...rest] = lines;
  // A value of several lines begins below its name.
  if (field.before === undefined && rest.length > 0)
    return [lineAt(6, dim(field.field)), ...lines.map((line) => lineAt(8, line))];
  return [
    first === "" ? lineAt(6, dim(field.field)) : rich`      ${dim(field.field.padEnd(width))}  ${first}`,
    ...rest.map((line) => lineAt(8, line)),
  ];
}

function changeLines(change: Change): readonly Text[] {
  const { resource, kind, fields, reason } = change;
  const paint = paintOf(kind);
  const why = reason === undefined ? "" : dim(` (${reason})`);
  const width = Math.max(0, ...fields.map(({ field }) => field.length));
  return [
    rich`${paint(`${signs[kind]} ${resource.id}`)}${kind === "none" ? "  " : rich`  ${paint(kind)}`}${why}`,
    ...fields.flatMap((field) => fieldText(field, width)),
  ];
}

function headLines({ trust, config, places }: ShownPlan): readonly Text[] {
  const issuer = shownIssuer(config);
  const of = [trust ?? [], config.stack === undefined ? [] : `stack ${config.stack}`].flat().join(", ");
  return [
    rich`${bold(of)}, ${issuer === undefined ? `without a name below ${config.named?.zone ?? ""}` : `issuer ${issuer}`}`,
    ...places.map(({ where, caller }) => dim(`${where}, as ${caller}`)),
  ];
}

function closingLine(changes: readonly Change[]): string {
  const { create, update, replace, delete: gone, blocked, none } = summaryOf(changes);
  const parts = [
    [create, "to create"],
    [update, "to change"],
    [replace, "to replace"],
    [gone, "to delete"],
    [blocked, "blocked"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  const rest = none === 0 ? "" : `, ${none} unchanged`;
  return said.length === 0 ? `Nothing to do${rest}.` : `${said.join(", ")}${rest}.`;
}

/** What the config costs a month, in a line; nothing if no part has a price. */
function costLines({ costs }: ShownPlan): readonly string[] {
  const currencies = [...new Set(costs.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const own = costs.filter((one) => one.currency === currency);
    const total = own.reduce((sum, { gross }) => sum + Number(gross), 0);
    const parts = own.map(({ what, gross }) => `${what} ${Number(gross).toFixed(2)}`);
    return `Costs ${total.toFixed(2)} ${currency} a month, taxes included: ${parts.join(", ")}.`;
  });
}

/** A plan in lines for a person: what stays is left out, unless there is something to say about it. */
export function planLines(shown: ShownPlan): readonly Text[] {
  const { changes } = shown.plan;
  const listed = changes.filter(({ kind, reason }) => kind !== "none" || reason !== undefined);
  return [
    ...headLines(shown),
    "",
    ...listed.flatMap((change) => changeLines(change)),
    ...(listed.length === 0 ? [] : [""]),
    closingLine(changes),
    ...costLines(shown),
  ];
}
