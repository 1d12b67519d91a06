import { maskText } from "./mask.ts";
import { climb } from "./measures.ts";
import type { Measured, RecordedCase, RecordedQuestion, Recording } from "./recording.ts";
import type { Judged, VendorCases } from "./vendor.ts";

const shown = ({ outcome, status, code, number }: Judged | RecordedCase): string =>
  outcome === "granted" ? "granted" : [status, code, number].filter((one) => one !== undefined).join(" ");

/** How a recorded answer differs from that of our rules; undefined where it does not. */
function difference(recorded: RecordedCase, judged: Judged): string | undefined {
  if (shown(recorded) !== shown(judged)) return `the vendor says ${shown(recorded)}, and we ${shown(judged)}`;
  if (recorded.outcome === "granted") return undefined;
  const ours = (judged.texts ?? []).map((text) => maskText(text));
  return ours.includes(recorded.text ?? "")
    ? undefined
    : `the vendor's words are ${JSON.stringify(recorded.text)}, and ours ${JSON.stringify(ours)}`;
}

/** How far a ladder goes, as `290, and not 310`. */
const reach = ({ granted, refused }: Pick<Measured, "granted" | "refused">): string =>
  `${granted ?? "none"}, and ${refused === undefined ? "all that was tried" : `not ${refused}`}`;

/** How a measure differs from where a rule of ours ends the same ladder; undefined where it does not, or none does. */
async function otherReach(recorded: RecordedQuestion, vendor: VendorCases): Promise<string | undefined> {
  const ladder = vendor.ladders[recorded.question];
  if (ladder?.rule === undefined) return undefined;
  const own = await climb(ladder, async (token) => {
    const { outcome } = await vendor.judgeToken(token);
    return { status: outcome === "granted" ? 200 : 400 };
  });
  if (reach(own) === reach(recorded)) return undefined;
  return `rule ${ladder.rule}, ${recorded.question}: the vendor grants ${reach(recorded)}; we grant ${reach(own)}`;
}

/** Every case and measure whose recorded answer is not that of our rules, with the rule that is wrong. */
export async function disagreements(
  { cases, questions }: Recording,
  vendor: VendorCases,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const recorded of cases) {
    const known = vendor.cases.find(({ name }) => name === recorded.case);
    const problem =
      known === undefined ? "there is no such case" : difference(recorded, await vendor.judge(recorded.case));
    if (problem !== undefined) found.push(`rule ${recorded.rule}, ${recorded.case}: ${problem}`);
  }
  for (const recorded of questions) {
    const problem = await otherReach(recorded, vendor);
    if (problem !== undefined) found.push(problem);
  }
  return found;
}
