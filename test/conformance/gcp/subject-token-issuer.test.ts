import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";
import { issuer } from "../fixture.ts";

describe("Google's rule subject-token-issuer", () => {
  const expected = (iss: string) => ({
    rule: "subject-token-issuer",
    code: "invalid_grant",
    text: `The issuer in ID Token ${iss} does not match the expected one in config: ${issuer}.`,
  });
  test("refuses another issuer", () =>
    refuses({ claims: { iss: "https://other.test" } }, expected("https://other.test")));
  test("refuses a slash more", () => refuses({ claims: { iss: `${issuer}/` } }, expected(`${issuer}/`)));
  test("refuses a token without iss, and calls it null", () =>
    refuses({ claims: { iss: undefined } }, expected("null")));
  test("accepts the provider's own", () => accepts());
});
