/**
 * What doctor says of each fault, as the pages of docs/reference/causes/ show it: values that differ from run to run are taken out.
 *
 *   node test/doctor/outputs.ts    writes outputs.json anew, as npm run generate does; faults.test.ts compares each with it
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type DoctorFacts, type DoctorReport, reportOf as judged } from "../../src/doctor/index.ts";
import { faults, type IssuerCause } from "./faults.ts";
import { newWorld } from "./world.ts";

/** What is shown of one finding. */
export interface FaultOutput {
  readonly link: string;
  readonly seen: string;
  readonly next: string;
}

const file = join(import.meta.dirname, "outputs.json");

/** What doctor sees of a fault, and what of that world may stand nowhere. */
export interface FaultLook {
  readonly facts: DoctorFacts;
  readonly secrets: readonly string[];
}

async function look(cause: IssuerCause): Promise<FaultLook> {
  const world = await newWorld();
  try {
    await faults[cause](world);
    const facts = await world.look();
    // That the machine of the tests is busy is no fault but that one.
    const measured = cause === "LookDelayed" ? facts : { ...facts, lateMs: 0 };
    return { facts: measured, secrets: world.secrets };
  } finally {
    await world.close();
  }
}

const looks = new Map<IssuerCause, Promise<FaultLook>>();

/** Breaks one part and has doctor look, once in a process. */
export function lookOf(cause: IssuerCause): Promise<FaultLook> {
  const found = looks.get(cause) ?? look(cause);
  looks.set(cause, found);
  return found;
}

/** What doctor says of a fault. */
export async function reportOf(cause: IssuerCause): Promise<DoctorReport> {
  return judged((await lookOf(cause)).facts);
}

const changing: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1:\d+/gu, "127.0.0.1:443"],
  [/(?<![\w-])[\w-]{43}(?![\w-])/gu, "KID"],
  [/\b\d+(?:\.\d+)? ms\b/gu, "… ms"],
  [/\bchanged \d+ s ago\b/gu, "changed 60 s ago"],
  [/\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/gu, "DATE"],
  [/\b\d+ minutes\b/gu, "… minutes"],
  [/\b1[7-9]\d{8}\b/gu, "SECONDS"],
  [/\b\d+ (?:seconds|s) (?=ago|in the past|ahead|from now)/gu, "… seconds "],
];

/** A text without what differs from run to run. */
export const steady = (text: string): string =>
  changing.reduce((said, [pattern, instead]) => said.replaceAll(pattern, instead), text);

/** The finding of a cause, as it is the same in every run. */
export function outputOf(report: DoctorReport, cause: IssuerCause): FaultOutput | undefined {
  const found = report.findings.find(({ reason }) => reason === cause);
  if (found === undefined) return undefined;
  return { link: found.link, seen: steady(found.seen), next: steady(found.next) };
}

/** What was written last. */
export function writtenOutputs(): Readonly<Record<string, FaultOutput | undefined>> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, FaultOutput>;
}

if (process.argv[1] === import.meta.filename) {
  const outputs: Record<string, FaultOutput | undefined> = {};
  for (const cause of (Object.keys(faults) as IssuerCause[]).sort())
    outputs[cause] = outputOf(await reportOf(cause), cause);
  writeFileSync(file, `${JSON.stringify(outputs, undefined, 2)}\n`);
}
