import { describe, test } from "node:test";
import { accepts, refuses, roleArn } from "../fixture.ts";

const refusal = (detail: string): { rule: string; code: string; text: string } => ({
  rule: "role-arn-length",
  code: "ValidationError",
  text: `1 validation error detected: ${detail}`,
});
const failed = "failed to satisfy constraint: Member must";

describe("STS rule role-arn-length", () => {
  test("refuses a request without RoleArn", () =>
    refuses({ request: { roleArn: undefined } }, refusal(`Value at 'roleArn' ${failed} not be null`)));

  test("refuses a RoleArn of 19 characters", () => {
    const roleArn19 = "arn:aws:iam::1:role";
    return refuses(
      { request: { roleArn: roleArn19 } },
      refusal(`Value '${roleArn19}' at 'roleArn' ${failed} have length greater than or equal to 20`),
    );
  });

  test("refuses a RoleArn of 2049 characters", () => {
    const long = roleArn.padEnd(2049, "x");
    return refuses(
      { request: { roleArn: long } },
      refusal(`Value '${long}' at 'roleArn' ${failed} have length less than or equal to 2048`),
    );
  });

  test("names several parameters at fault in one text", () =>
    refuses(
      { request: { roleArn: "role/demo", roleSessionName: "a", durationSeconds: "60" } },
      {
        ...refusal(""),
        text: `3 validation errors detected: Value 'role/demo' at 'roleArn' ${failed} have length greater than or equal to 20; Value 'a' at 'roleSessionName' ${failed} have length greater than or equal to 2; Value '60' at 'durationSeconds' ${failed} have value greater than or equal to 900`,
      },
    ));

  test("accepts the ARN of a role", () => accepts());
});
