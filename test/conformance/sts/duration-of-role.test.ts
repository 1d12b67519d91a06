import assert from "node:assert/strict";
import { test } from "node:test";
import { grantOf, now, refuses } from "../fixture.ts";

const refusal = {
  rule: "duration-of-role",
  code: "ValidationError",
  text: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
};

test("7200 seconds of a role that allows 3600", () =>
  refuses({ request: { durationSeconds: "7200" } }, refusal));

test("one second too many", () => refuses({ request: { durationSeconds: "3601" } }, refusal));

test("the default is 3600, whatever the role allows", async () =>
  assert.equal((await grantOf({ role: { maxSessionDuration: 43_200 } })).duration, 3600));

test("a token with a minute left gives two hours", async () => {
  const change = {
    claims: { exp: now + 60 },
    request: { durationSeconds: "7200" },
    role: { maxSessionDuration: 7200 },
  };
  assert.equal((await grantOf(change)).duration, 7200);
});
