import { isoTime } from "../../../core/base/index.ts";
import { atDoor, type Form, forms } from "../../errors/index.ts";
import { outcome } from "../decisions.ts";
import type { Decision } from "../wire/service.ts";

// Client input must not start a second line, move the cursor, or look like another field.
function field(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  const plain = /^[!#-~]+$/u.test(value);
  const shown = plain
    ? value
    : JSON.stringify(value).replaceAll(/[^ -~]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
  return ` ${name}=${shown}`;
}

/** What a decision has to be that is written as a line. */
const decisionForm: Form = forms.members<Decision>(
  {
    time: forms.form(
      "a time in milliseconds",
      (value) => typeof value === "number" && !Number.isNaN(new Date(value).getTime()),
    ),
    requestId: forms.anyText,
    action: forms.anyText,
    who: forms.anyText,
    resource: forms.anyText,
    decision: outcome,
    rule: forms.anyText,
    code: forms.anyText,
    message: forms.anyText,
    why: forms.anyText,
    next: forms.anyText,
  },
  ["time", "action", "who", "decision", "rule"],
);

/**
 * A decision as one line: time, decision, action, caller, resource, the rule that decided and, for a refusal, AWS's
 * code. Only printable ASCII.
 */
export function decisionLine(decision: Decision): string {
  return atDoor(() => lineOf(decision));
}

function lineOf(decision: Decision): string {
  decisionForm(decision, "decisionLine: the decision");
  const { time, who, resource, rule, code } = decision;
  const fields = [field("who", who), field("resource", resource), field("rule", rule), field("code", code)];
  const action = field("action", decision.action);
  return `${isoTime(time)} ${decision.decision}${action}${fields.join("")}`;
}
