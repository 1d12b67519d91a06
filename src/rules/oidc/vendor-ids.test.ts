import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answeredGoogleEmail, azureForms, azureGuid, googleForms } from "./index.ts";

const fits = (form: string, text: string): boolean => new RegExp(`^(?:${form})$`, "u").test(text);

describe("an id of a vendor", () => {
  const guid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

  test("of Azure is a GUID in either case, and in a definition one in lower case", () => {
    assert.deepEqual([azureGuid.test(guid), azureGuid.test(guid.toUpperCase())], [true, true]);
    assert.deepEqual(
      [guid, guid.toUpperCase()].map((one) => fits(azureForms.lowerGuid, one)),
      [true, false],
    );
    for (const wrong of [
      "",
      "web",
      `${guid}0`,
      guid.replaceAll("-", ""),
      `{${guid}}`,
      guid.replace("0a", "0g"),
    ])
      assert.deepEqual([azureGuid.test(wrong), fits(azureForms.lowerGuid, wrong)], [false, false], wrong);
  });

  test("of a service account of Google is an address in lower case, alike in config and definition", () => {
    const emails: readonly (readonly [text: string, isOne: boolean, ofProject: boolean])[] = [
      ["web@shop-project.iam.gserviceaccount.com", true, true],
      ["web@shop.example.com.iam.gserviceaccount.com", true, false],
      ["123456789012-compute@developer.gserviceaccount.com", true, false],
      ["web@gserviceaccount.com", true, false],
      ["Web@shop-project.iam.gserviceaccount.com", false, false],
      ["-web@example.com", false, false],
      ["web@shop-project.iam.gserviceaccount.com.example.com", false, false],
      ["web@evilgserviceaccount.com", false, false],
    ];
    for (const [text, isOne, ofProject] of emails)
      assert.deepEqual(
        [googleForms.email, googleForms.definedEmail, googleForms.projectEmail].map((one) => fits(one, text)),
        [isOne, isOne, ofProject],
        text,
      );
  });

  test("of a service account of an old project, in Google's own answers, has dots before its @", () => {
    const old = "shop.example.com@appspot.gserviceaccount.com";
    assert.deepEqual([answeredGoogleEmail.test(old), fits(googleForms.email, old)], [true, false]);
    assert.ok(!answeredGoogleEmail.test("web/../other@shop.iam.gserviceaccount.com"));
  });

  test("of a provider of Google has the project's number, a pool and a provider of 4 to 32 characters", () => {
    const of = (number: string, pool: string): string =>
      `projects/${number}/locations/global/workloadIdentityPools/${pool}/providers/prod`;
    assert.ok(fits(googleForms.provider, of("123456789012", "a".repeat(32))));
    for (const wrong of [
      of("shop-project", "prod"),
      of("1", "abc"),
      of("1", "a".repeat(33)),
      of("1", "Prod"),
    ])
      assert.ok(!fits(googleForms.provider, wrong), wrong);
  });
});
