import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decisionLine } from "./decision-line.ts";

const decision = {
  time: Date.parse("2026-11-25T12:00:00.5Z"),
  requestId: "r",
  action: "ssm:GetParameter",
  who: "arn:aws:sts::111122223333:assumed-role/demo/job",
  resource: "arn:aws:ssm:eu-central-1:111122223333:parameter/a",
  decision: "deny",
  rule: "deny: keep-out, statement 1",
  code: "AccessDeniedException",
} as const;

describe("the line of a decision", () => {
  test("a decision is one line of time, decision, action, who, resource, rule and code", () => {
    assert.equal(
      decisionLine(decision),
      "2026-11-25T12:00:00.500Z deny action=ssm:GetParameter who=arn:aws:sts::111122223333:assumed-role/demo/job " +
        'resource=arn:aws:ssm:eu-central-1:111122223333:parameter/a rule="deny: keep-out, statement 1" ' +
        "code=AccessDeniedException",
    );
  });

  test("a text that a client sent can neither make a line of the log nor a field", () => {
    const line = decisionLine({ ...decision, who: 'a\nb\u001B[2J" rule=x\u{1F600}', action: "sts:\r\nX" });
    assert.match(line, /^[ -~]+$/u);
    assert.match(line, /who="a\\nb\\u001b\[2J\\" rule=x\\u\{1f600\}"/u);
    assert.match(line, / action="sts:\\r\\nX"/u);
  });
});
