import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, now, refuses } from "../fixture.ts";

const refusal = {
  rule: "duration-of-role",
  code: "ValidationError",
  text: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
};

describe("STS rule duration-of-role", () => {
  test("refuses 7200 seconds of a role that allows 3600", () =>
    refuses({ request: { durationSeconds: "7200" } }, refusal));

  test("refuses one second more than the role allows", () =>
    refuses({ request: { durationSeconds: "3601" } }, refusal));

  test("gives 3600 seconds without DurationSeconds, whatever the role allows", async () =>
    assert.equal((await grantOf({ role: { maxSessionDuration: 43_200 } })).duration, 3600));

  test("gives two hours for a token with a minute left", async () => {
    const change = {
      claims: { exp: now + 60 },
      request: { durationSeconds: "7200" },
      role: { maxSessionDuration: 7200 },
    };
    assert.equal((await grantOf(change)).duration, 7200);
  });
});
