import type { PartiesEvent, PartyRefusal } from "../../demo/index.ts";
import { bold, dim, green, type Output, rich, yellow } from "../../core/terminal/index.ts";
import { printEvent } from "./printing.ts";

/** `AWS`, `AWS and Google Cloud`, `AWS, Google Cloud and OpenBao` */
function listed(titles: readonly string[]): string {
  const last = titles.at(-1) ?? "";
  return titles.length < 2 ? last : `${titles.slice(0, -1).join(", ")} and ${last}`;
}

function printStart(
  { line }: Output,
  { issuer, titles, standIns, shortened }: PartiesEvent & { readonly kind: "parties" },
): void {
  const trust = titles.length === 1 ? "trusts" : "trust";
  line(`One ServiceAccount of one cluster, which ${listed(titles)} ${trust} as ${issuer}`, 0);
  line();
  line("No account of theirs is touched. These are stand-ins, on this machine:", 0);
  for (const one of standIns) line(dim(`  - ${one}`), 4);
  if (shortened.length > 0) line(`To keep it short: ${shortened.join("; ")}.`, 0);
}

function printGranted({ line }: Output, { who, granted }: PartiesEvent & { readonly kind: "granted" }): void {
  line(rich`  ${green("✔")} ${bold(`granted: ${who}`)}`, 4);
  line(`      is ${granted.identity}`, 6);
  line(dim(`      and read ${granted.read}`), 6);
}

function printRefusal({ line }: Output, { what, code, message, rule, why }: PartyRefusal): void {
  line(rich`  ${green("✔")} ${bold(`denied: ${what}`)}`, 4);
  line(yellow(`      ${code}: ${message}`), 6);
  line(dim(`      ${rule}: ${why}`), 6);
}

function printEnd({ line }: Output, { report }: PartiesEvent & { readonly kind: "parties-shown" }): void {
  const { parties, seconds } = report;
  const denied = parties.reduce((sum, { refusals }) => sum + refusals.length, 0);
  const times = parties.length === 1 ? "once" : `${parties.length} times`;
  line();
  line(
    bold(
      `One ServiceAccount was let in ${times}, ${denied} attempts were denied, and no key was stored anywhere.`,
    ),
    0,
  );
  line(dim(`${seconds.toFixed(1)} s. podtrust explain --for names the rules for a token of yours.`), 0);
}

/** Prints one event of the demo of several relying parties for a person. */
export function printPartiesEvent(output: Output, event: PartiesEvent): void {
  switch (event.kind) {
    case "parties":
      printStart(output, event);
      break;
    case "granted":
      printGranted(output, event);
      break;
    case "party-refusal":
      printRefusal(output, event.refusal);
      break;
    case "parties-shown":
      printEnd(output, event);
      break;
    case "heading":
    case "step":
    case "waiting":
    case "not-shown":
      printEvent(output, event);
      break;
  }
}
