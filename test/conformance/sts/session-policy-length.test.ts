import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

const pattern = String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`;
const good = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';

describe("STS rule session-policy-length", () => {
  for (const [name, policy, constraint] of [
    ["of 2049 characters", good.padEnd(2049), "have length less than or equal to 2048"],
    [
      "with a character beyond U+00FF",
      good.replace("s3:*", "s3:Ā"),
      `satisfy regular expression pattern: ${pattern}`,
    ],
  ] as const) {
    test(`refuses a session policy ${name}`, () =>
      refuses(
        { request: { policy } },
        {
          rule: "session-policy-length",
          code: "ValidationError",
          text: `1 validation error detected: Value '${policy}' at 'policy' failed to satisfy constraint: Member must ${constraint}`,
        },
      ));
  }

  test("refuses an empty session policy by two constraints", () => {
    const failed = "Value '' at 'policy' failed to satisfy constraint: Member must";
    return refuses(
      { request: { policy: "" } },
      {
        rule: "session-policy-length",
        code: "ValidationError",
        text: `2 validation errors detected: ${failed} have length greater than or equal to 1; ${failed} satisfy regular expression pattern: ${pattern}`,
      },
    );
  });

  test("accepts a session policy of 2048 characters", () =>
    accepts({ request: { policy: good.padEnd(2048) } }));
});
