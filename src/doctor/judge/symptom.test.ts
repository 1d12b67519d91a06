import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entraRules } from "../../rules/azure/index.ts";
import { stsRules } from "../../rules/trust/index.ts";
import { linksOfRule, symptomOf } from "./symptom.ts";
import { incidentTexts, linksOfEntraRule, vendorTexts } from "./texts/index.ts";

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

  test("of SDKs, API server and services is distinguished by its words", () => {
    for (const { words, means } of [...vendorTexts, ...incidentTexts])
      assert.equal(symptomOf(`E1128 ${words.join(" … ").toUpperCase()}`)?.means, means);
  });

  test("of STS with a request id of zeros is AWS's own incident, whatever its sentence", () => {
    const zeros = "00000000-0000-0000-0000-000000000000";
    const said = symptomOf(`InvalidIdentityToken: Couldn't retrieve verification key (request id: ${zeros})`);
    assert.deepEqual([said?.open, said?.rules], [["sts"], []]);
    assert.match(said?.means ?? "", /incident of AWS/u);
  });

  test("that is unknown says nothing about any link", () => {
    assert.equal(symptomOf("segmentation fault"), undefined);
    assert.equal(symptomOf(""), undefined);
  });

  test("that is AWS's has a rule of STS behind it, and every rule has its links", () => {
    assert.deepEqual(
      Object.keys(linksOfRule),
      stsRules.map(({ name }) => name),
    );
  });

  test("of Entra is known by the number of any answer, whatever its sentence, and names each rule that answers so", () => {
    const answers = entraRules.flatMap(({ name, answers: all }) =>
      all.flatMap(({ number = 0, otherNumbers = [], when }) =>
        [number, ...otherNumbers].map((one) => ({ name, when, number: one })),
      ),
    );
    assert.ok(answers.length > entraRules.length && answers.every(({ number }) => number > 0));
    for (const { name, when, number } of answers) {
      const symptom = symptomOf(`invalid_client: AADSTS${number}: Sentences change. Trace ID: 1`);
      assert.equal(symptom?.from, "Azure");
      assert.ok(symptom.rules.includes(name) && symptom.means.includes(when), `${number} ${name}`);
      assert.deepEqual(symptom.clears, []);
      assert.ok(symptom.open.length > 0, name);
    }
  });

  test("of Entra is taken by its whole number, and the first that is known speaks", () => {
    const rules = (text: string) => symptomOf(text)?.rules;
    assert.deepEqual(rules("AADSTS70021: older"), [
      "credential-issuer",
      "credential-subject",
      "credential-audience",
    ]);
    assert.deepEqual(rules("AADSTS700211: x"), ["credential-issuer"]);
    assert.match(symptomOf("AADSTS7002138: x")?.means ?? "", /token's sub but for upper and lower case\./u);
    assert.deepEqual(rules("AADSTS90014: x"), ["scope-default", "assertion-claims"]);
    assert.deepEqual(rules("AADSTS99999999: x, then AADSTS700024: y, AADSTS700211: z"), ["assertion-time"]);
    assert.equal(symptomOf("AADSTS7002110: No matching federated identity record found"), undefined);
    assert.equal(symptomOf("AADSTS: none"), undefined);
  });

  test("of Entra has its links for every rule", () => {
    assert.deepEqual(
      Object.keys(linksOfEntraRule),
      entraRules.map(({ name }) => name),
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
