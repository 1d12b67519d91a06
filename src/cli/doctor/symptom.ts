import { type Link, PodtrustError } from "../../core/base/index.ts";
import { printNext, readTextFile } from "../../core/command-line/index.ts";
import { bold, dim } from "../../core/terminal/index.ts";
import { type DoctorReport, type Symptom, symptomOf } from "../../doctor/index.ts";
import type { CommandContext } from "../context.ts";

const maxBytes = 65_536;

/** What was given with --error, or on standard input. */
export async function errorText(context: CommandContext, given: string): Promise<string> {
  const text =
    given === "-"
      ? await readTextFile(context, { option: "--error", name: "-", maxBytes, stdin: true })
      : given;
  return text.slice(0, maxBytes);
}

/** What the text means; throws `usage` for one that is not known. */
export async function symptomFrom(context: CommandContext, given: string): Promise<Symptom> {
  const symptom = symptomOf(await errorText(context, given));
  if (symptom !== undefined) return symptom;
  throw new PodtrustError("usage", "the text of --error is none that doctor knows", {
    next: "Give the error word for word, with the sentence that STS, an SDK, the kubelet or the API server said.",
  });
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
export function printSymptom(
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
    output.line("Every link that it leaves open holds now: it was another moment, or another issuer.", 2);
    return;
  }
  output.line(`Open: ${open.join(", ")}.`, 2);
  printNext(context, output, placesOf(symptom.from, open));
}
