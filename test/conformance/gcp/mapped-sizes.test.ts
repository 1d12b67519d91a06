import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";

describe("Google's rule mapped-sizes", () => {
  const subjectTooLong = {
    rule: "mapped-sizes",
    code: "invalid_request",
    text: "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.",
  };
  test("refuses a subject of 128 bytes", () => refuses({ claims: { sub: "x".repeat(128) } }, subjectTooLong));
  test("refuses 127 characters of 128 bytes", () =>
    refuses({ claims: { sub: `${"x".repeat(126)}é` } }, subjectTooLong));
  test("refuses values of more than 8 KB together", () => {
    const attributeMapping = { "google.subject": "assertion.sub", "attribute.long": "assertion.long" };
    const text = "The size of the mapped attributes exceeds the 8 KB limit.";
    return refuses(
      { claims: { long: "x".repeat(8192) }, provider: { attributeMapping } },
      { rule: "mapped-sizes", code: "invalid_request", text },
    );
  });
  test("accepts 127 bytes", () => accepts({ claims: { sub: "x".repeat(127) } }));
});
