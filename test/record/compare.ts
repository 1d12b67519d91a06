import { maskText } from "./mask.ts";
import type { RecordedCase, Recording } from "./recording.ts";
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

/** Every case whose recorded answer is not that of our rules, with the rule that is wrong. */
export async function disagreements({ cases }: Recording, vendor: VendorCases): Promise<readonly string[]> {
  const found: string[] = [];
  for (const recorded of cases) {
    const known = vendor.cases.find(({ name }) => name === recorded.case);
    const problem =
      known === undefined ? "there is no such case" : difference(recorded, await vendor.judge(recorded.case));
    if (problem !== undefined) found.push(`rule ${recorded.rule}, ${recorded.case}: ${problem}`);
  }
  return found;
}
