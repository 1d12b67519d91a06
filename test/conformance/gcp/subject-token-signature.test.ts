import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";
import { rsaKey } from "../fixture.ts";

describe("Google's rule subject-token-signature", () => {
  test("refuses a token of another key under the same kid", async () => {
    const key = await rsaKey("rsa");
    const text = "Unable to verify the ID Token signature.";
    await refuses({ key }, { rule: "subject-token-signature", code: "invalid_grant", text });
  });
  test("accepts the key's own", () => accepts());
});
