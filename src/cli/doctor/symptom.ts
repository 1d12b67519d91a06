import { type Link, PodtrustError } from "../../core/base/index.ts";
import { printNext, readTextFile } from "../../core/command-line/index.ts";
import { bold, dim } from "../../core/terminal/index.ts";
import { type DoctorReport, type Symptom, symptomOf, withoutSecrets } from "../../doctor/index.ts";
import type { CommandContext } from "../context.ts";

const maxBytes = 65_536;

/** What was given with --error, or on standard input. */
async function errorText(context: CommandContext, given: string): Promise<string> {
  const text =
    given === "-"
      ? await readTextFile(context, { option: "--error", name: "-", maxBytes, stdin: true })
      : given;
  return text.slice(0, maxBytes);
}

const maxShown = 200;
const wordForWord =
  "Give the error word for word, with the sentence that STS, an SDK, the kubelet or the API server said.";

/** The text as one line, without what may not be shown of it. */
function quoted(text: string): string {
  const line = withoutSecrets(text).trim().replaceAll(/\s+/gu, " ");
  return JSON.stringify(line.length > maxShown ? `${line.slice(0, maxShown)}…` : line);
}

/** An error that was given, and what it means by itself; undefined for a text that is not known. */
export interface GivenError {
  readonly text: string;
  readonly symptom: Symptom | undefined;
}

/** The error that was given; throws `usage` for one that is not known where nothing else was asked for. */
export async function givenError(
  context: CommandContext,
  given: string | undefined,
  isAlone: boolean,
): Promise<GivenError | undefined> {
  if (given === undefined) return undefined;
  const text = await errorText(context, given);
  const symptom = symptomOf(text);
  if (symptom !== undefined || !isAlone) return { text, symptom };
  const message = `the text of --error is none that doctor knows: ${quoted(text)}`;
  throw new PodtrustError("usage", message, { next: wordForWord });
}

/** The option by which explain goes through a party's rules; AWS's without. */
const partyOptions: Readonly<Record<string, string>> = {
  Azure: "--for azure --described FILE",
  "Google Cloud": "--for gcp --described FILE",
  OpenBao: "--for openbao --described FILE",
};

/** Where to look for a link that an issuer's URL does not show. */
const placesFor = (from: string): readonly (readonly [string, readonly Link[]])[] => [
  ["podtrust doctor https://ISSUER", ["discovery", "jwks", "dns", "tls", "reachability"]],
  [`podtrust explain --token FILE ${partyOptions[from] ?? "--role ARN"}`, ["provider", "trust", "token"]],
  ["podtrust status", ["cluster", "serviceaccount", "injection", "sts", "permission"]],
];

function placesOf(from: string, open: readonly Link[]): string {
  const fitting = placesFor(from).filter(([, links]) => links.some((link) => open.includes(link)));
  return fitting.map(([command]) => command).join("; ");
}

/** What an error says by itself, and which causes are left after the issuer was examined. */
function printSymptom(
  context: CommandContext,
  symptom: Symptom,
  report?: Pick<DoctorReport, "broken" | "excluded">,
): void {
  const { output } = context;
  const excluded = new Set(report?.excluded.map(({ link }) => link));
  const open = symptom.open.filter((link) => !excluded.has(link));
  output.line();
  output.line(bold(`The error is ${symptom.from}'s. ${symptom.means}`), 2);
  if (symptom.rules.length > 0) output.line(dim(`rules: ${symptom.rules.join(", ")}`), 2);
  if (symptom.clears.length > 0)
    output.line(`By the error alone these hold: ${symptom.clears.join(", ")}.`, 2);
  const broken = report?.broken;
  if (broken !== undefined && open.includes(broken.link)) {
    output.line(`It is explained by ${broken.reason} at ${broken.link}.`, 2);
    return;
  }
  if (open.length === 0) {
    output.line(
      "Every link that it leaves open holds for what podtrust sends now. The program sends something else, or it was another moment or another issuer.",
      2,
    );
    return;
  }
  output.line(`Open: ${open.join(", ")}.`, 2);
  printNext(context, output, placesOf(symptom.from, open));
}

/** What is known of an error beside what was seen; that it is unknown is said, and nothing of it tells which link it is about. */
export function printError(
  context: CommandContext,
  { text, symptom }: GivenError,
  report: Pick<DoctorReport, "broken" | "excluded"> | undefined,
): void {
  if (symptom !== undefined) {
    printSymptom(context, symptom, report);
    return;
  }
  const { output } = context;
  output.line();
  output.line(bold(`The error is none that doctor knows: ${quoted(text)}`), 2);
  printNext(context, output, wordForWord);
}
