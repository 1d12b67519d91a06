import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../gcp-fixture.ts";
import { principal } from "../gcp-fixture.ts";

describe("Google's rule attribute-mapping", () => {
  const expected = (name: string) => ({
    rule: "attribute-mapping",
    code: "unauthorized_client",
    text: `Could not obtain a value for ${name} from the given credential.`,
  });
  const refused = (attributeMapping: Readonly<Record<string, string>>, name: string) =>
    refuses({ provider: { attributeMapping } }, expected(name));
  const own = { "google.subject": "assertion.sub" };
  test("refuses a mapping without a subject", () => refused({}, "google.subject"));
  test("refuses a subject of a claim that is not there", () =>
    refused({ "google.subject": "assertion.missing" }, "google.subject"));
  test("refuses a subject that is no text", () =>
    refused({ "google.subject": "assertion.exp" }, "google.subject"));
  test("refuses a subject of an expression that is none", () =>
    refused({ "google.subject": "assertion." }, "google.subject"));
  test("refuses groups that are no list of texts", async () => {
    await refused({ ...own, "google.groups": "assertion.sub" }, "google.groups");
    await refused({ ...own, "google.groups": "assertion.missing" }, "google.groups");
    await refused({ ...own, "google.groups": "[1]" }, "google.groups");
  });
  test("refuses an attribute without a value", () =>
    refused({ ...own, "attribute.team": "assertion.team" }, "attribute.team"));

  test("accepts, and says who it is for every policy that may name it", async () => {
    const attributeMapping = {
      ...own,
      "google.groups": "assertion.groups",
      "attribute.namespace": "assertion['kubernetes.io'].namespace",
      "attribute.__proto__": "'x'",
    };
    const grant = await grantOf({ provider: { attributeMapping } });
    const set = principal.replace("principal:", "principalSet:").replace(/\/subject.*/u, "");
    assert.equal(grant.principal, principal);
    assert.deepEqual(grant.members, [
      principal,
      `${set}/group/writers`,
      `${set}/attribute.namespace/shop`,
      `${set}/attribute.__proto__/x`,
      `${set}/*`,
    ]);
  });
});
