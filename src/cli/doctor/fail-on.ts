import { PodtrustError } from "../../core/base/index.ts";
import type { Verdict } from "../../doctor/index.ts";

const failing: Readonly<Record<string, readonly Verdict[]>> = {
  broken: ["broken"],
  warning: ["broken", "incident", "propagating", "warning"],
};

/** The verdicts that make the exit code 3; throws `usage`. */
export function failsOn(text: string): readonly Verdict[] {
  const found = Object.hasOwn(failing, text) ? failing[text] : undefined;
  if (found !== undefined) return found;
  throw new PodtrustError("usage", `--fail-on ${text} is no verdict`, { next: "Give warning or broken." });
}
