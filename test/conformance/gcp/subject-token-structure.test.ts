import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";

describe("Google's rule subject-token-structure", () => {
  for (const [name, subjectToken] of [
    ["an access token", "ya29.abc"],
    ["nothing", undefined],
  ] as const)
    test(`refuses ${name}`, () =>
      refuses(
        { request: { subjectToken } },
        { rule: "subject-token-structure", code: "invalid_grant", text: "Unable to parse the ID Token." },
      ));

  test("accepts a JWT", () => accepts());
  test("accepts a JWT that is longer than AWS would take, since no limit is known", () =>
    accepts({ claims: { pad: "p".repeat(30_000) } }));
});
