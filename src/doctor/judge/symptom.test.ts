import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stsRules } from "../../rules/trust/index.ts";
import { linksOfRule, symptomOf } from "./symptom.ts";
import { incidentTexts, vendorTexts } from "./texts/index.ts";

describe("an error's text", () => {
  test("of STS leaves open the links of the rules that answer so, and clears those that were asked before", () => {
    const said = (text: string) => {
      const symptom = symptomOf(text);
      return [symptom?.clears.join(" "), symptom?.open.join(" ")];
    };
    const fetched = "discovery jwks dns tls reachability";
    assert.deepEqual(
      said(
        "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
      ),
      ["provider injection", `${fetched} token`],
    );
    assert.deepEqual(said("No OpenIDConnect provider found in your account for https://a.example"), [
      "injection",
      "provider token",
    ]);
    assert.deepEqual(said("InvalidIdentityToken: Incorrect token audience"), ["injection", "provider token"]);
    assert.deepEqual(said("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"), [
      `${fetched} provider injection token`,
      "trust",
    ]);
    assert.deepEqual(said("Missing a required claim: aud"), ["injection", "token"]);
  });

  test("that STS gives to several rules names them all", () => {
    const { rules = [], means = "" } =
      symptomOf(
        "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.",
      ) ?? {};
    assert.ok(rules.includes("issuer-registered") && rules.includes("signature"));
    assert.match(means, /one text to \d+ rules/u);
  });

  test("of SDKs, API server and services is told from one another by its words", () => {
    for (const { words, means } of [...vendorTexts, ...incidentTexts])
      assert.equal(symptomOf(`E1128 ${words.join(" … ").toUpperCase()}`)?.means, means);
  });

  test("of STS with a request id of zeros is AWS's own incident, whatever its sentence", () => {
    const zeros = "00000000-0000-0000-0000-000000000000";
    const said = symptomOf(`InvalidIdentityToken: Couldn't retrieve verification key (request id: ${zeros})`);
    assert.deepEqual([said?.open, said?.rules], [["sts"], []]);
    assert.match(said?.means ?? "", /incident of AWS/u);
  });

  test("that nobody knows says nothing of any link", () => {
    assert.equal(symptomOf("segmentation fault"), undefined);
    assert.equal(symptomOf(""), undefined);
  });

  test("that is AWS's has a rule of STS behind it, and every rule has its links", () => {
    assert.deepEqual(
      Object.keys(linksOfRule),
      stsRules.map(({ name }) => name),
    );
  });

  test("never leaves a link open that it clears", () => {
    const texts = [
      ...stsRules.flatMap(({ answers }) => answers.flatMap(({ texts: both }) => [both.legacy, both["2026"]])),
      ...vendorTexts.map(({ words }) => words.join(" ")),
    ];
    for (const text of texts) {
      const symptom = symptomOf(text.replaceAll(/<[^<>]*>/gu, "value"));
      assert.deepEqual(symptom?.open.filter((link) => symptom.clears.includes(link)) ?? [], [], text);
    }
  });
});
