import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimsRefusal, type ClaimsRules, maxClaims } from "./index.ts";

const now = 1_700_000_000;
const issuer = "https://oidc.example.com";
const good = {
  aud: ["sts.amazonaws.com"],
  exp: now + 3600,
  iat: now,
  iss: issuer,
  jti: "1",
  "kubernetes.io": { namespace: "shop", pod: { name: "web-1", uid: "2" }, warnafter: now + 3607 },
  nbf: now,
  sub: "system:serviceaccount:shop:web",
};
const encoded = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url");
const rules: ClaimsRules = { issuers: [issuer], maxSeconds: 3600, allowed: [] };

/** Why a text is refused, as `reason sentence`; empty where it is signed. */
function refusalOf(claims: string, more: Partial<ClaimsRules> = {}): string {
  const found = claimsRefusal(claims, { ...rules, ...more }, now * 1000);
  return found === undefined ? "" : `${found.reason} ${found.sentence}`;
}

const ofText = (text: string): string => refusalOf(encoded(text));
const withMore = (more: object, rule: Partial<ClaimsRules> = {}): string =>
  refusalOf(encoded(JSON.stringify({ ...good, ...more })), rule);

describe("what a signer signs", () => {
  test("the claims of a ServiceAccount's token of now that lives no longer than the maximum", () => {
    for (const more of [{}, { nbf: undefined }, { aud: "x" }, { iat: now - 60 }, { iat: now + 60, nbf: now }])
      assert.equal(withMore(more), "");
  });

  test("anything inside kubernetes.io, as a later release may write it", () => {
    assert.equal(withMore({ "kubernetes.io": { node: { name: "n", zone: ["a", { iss: 1 }] } } }), "");
  });

  test("both issuers of an adoption, and no third", () => {
    const old = "https://kubernetes.default.svc";
    const both = { issuers: [issuer, old] };
    for (const iss of both.issuers) assert.equal(withMore({ iss }, both), "");
    for (const iss of ["https://evil.example", `${issuer}/`, "", "HTTPS://oidc.example.com"])
      assert.match(
        withMore({ iss }, both),
        /^issuer the issuer ".*" is none of https:\/\/oidc.* https:\/\/kube/u,
      );
    for (const iss of [undefined, 1, [issuer]])
      assert.match(withMore({ iss }), /^issuer the claims name none/u);
  });

  test("no token of any other subject", () => {
    for (const sub of [
      undefined,
      1,
      "system:admin",
      "system:serviceaccount:shop",
      "system:serviceaccount:A:b",
    ])
      assert.match(withMore({ sub }), /^subject .*no ServiceAccount/u);
  });

  test("no token of another time than now, by any of its three times", () => {
    const year = 365 * 24 * 3600;
    for (const ahead of [61, 3600, year, 30 * year])
      assert.match(
        withMore({ iat: now + ahead, nbf: now + ahead, exp: now + ahead + 3600 }),
        /^time iat is \d+ s after now/u,
      );
    assert.match(withMore({ iat: now + year, nbf: now, exp: now + 3600 }), /^time iat is/u);
    assert.match(withMore({ iat: now - 61 }), /^time iat is 61 s before now, and may be 60$/u);
    assert.match(withMore({ nbf: now - 61 }), /^time nbf is 61 s before iat/u);
    assert.match(withMore({ nbf: "now" }), /^time nbf is no whole number/u);
    assert.match(withMore({ nbf: null }), /^time nbf is no whole number/u);
  });

  test("no token without an end, with one before its begin, and none that lives on after now and the maximum", () => {
    for (const more of [
      { iat: undefined },
      { exp: undefined },
      { exp: "4600" },
      { exp: now + 0.5 },
      { exp: 1e300 },
    ])
      assert.match(withMore(more), /^time the claims say nothing of their life/u);
    for (const exp of [now, now - 1]) assert.match(withMore({ exp }), /^time a token may not end before/u);
    // Its life is within the maximum, but for what its begin is ahead.
    for (const iat of [now, now + 60])
      assert.match(
        withMore({ iat, exp: now + 3601 }),
        /^time a token may live 3600 s from now, and not 3601$/u,
      );
  });

  test("no member twice, also by case or by another spelling, at any depth", () => {
    const text = JSON.stringify(good);
    const twice = (more: string): string => ofText(text.replace("{", `{${more},`));
    for (const more of [
      `"sub":"system:serviceaccount:kube-system:admin"`,
      `"exp":${now + 10}`,
      `"EXP":${now + 10}`,
      `"\\u0065xp":${now + 10}`,
      // ſ and K are s and k to a reader of Go's.
      `"iſs":"https://evil.example"`,
      `"\\u212Aubernetes.io":{}`,
    ])
      assert.match(twice(more), /^twice the member ".*" stands twice$/u, more);
    const inside = { "kubernetes.io": { a: [{ pod: 1 }] } };
    const nested = JSON.stringify({ ...good, ...inside }).replace(`{"pod":1}`, `{"pod":1,"Pod":2}`);
    assert.match(ofText(nested), /^twice the member "Pod"/u);
    const apart = {
      "kubernetes.io": { pod: { name: 1 }, node: { name: 2 }, name: [{ name: 3 }, { name: 4 }] },
    };
    assert.equal(withMore(apart), "", "one name in several objects is not twice");
    assert.equal(withMore({ jti: '{"sub":1,"sub":2}' }), "", "what looks like members in a text is text");
  });

  test("no member that is not known, unless a person has allowed it by its name", () => {
    for (const name of ["scope", "azp", "__proto__", "kubernetes", "Scope"]) {
      const text = JSON.stringify(good).replace("{", `{${JSON.stringify(name)}:{},`);
      assert.match(ofText(text), /^member the member ".*" is not known$/u);
      assert.equal(refusalOf(encoded(text), { allowed: [name] }), "");
    }
    const { member } = claimsRefusal(encoded(JSON.stringify({ ...good, scope: 1 })), rules, now * 1000) ?? {};
    assert.equal(member, '"scope"');
    const long = withMore({ ["x".repeat(20_000)]: 1 });
    assert.ok(long.length < 250, long);
  });

  test("nothing that is no JSON object, nor one that is too large or too deep", () => {
    for (const text of ["[]", '"x"', "1", "null", "{", "{}}", `\uFEFF${JSON.stringify(good)}`])
      assert.match(ofText(text), /^malformed .*no JSON object/u, text);
    assert.match(refusalOf("a".repeat(maxClaims + 1)), /^malformed .*more than/u);
    const deep = `{"kubernetes.io":${"[".repeat(20)}${"]".repeat(20)}}`;
    assert.match(ofText(deep), /^malformed .*too deep/u);
    assert.match(ofText(`{"kubernetes.io":{"\\ud800":1}}`), /^malformed .*no well-formed text/u);
  });

  test("nothing that another reader may decode to other bytes", () => {
    for (const text of ["", "{}", "a.b", "e30=", "not+base64", "eyJ"])
      assert.match(refusalOf(text), /^malformed .*no JSON object/u, text);
    const claims = encoded(JSON.stringify(good));
    assert.match(refusalOf(`${claims}\n`), /^malformed/u);
    const padded = encoded(`${JSON.stringify(good)} `);
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const texts = [claims, padded, encoded(`${JSON.stringify(good)}  `)].filter(
      (one) => one.length % 4 !== 0,
    );
    for (const one of texts) {
      const at = last.indexOf(one.at(-1) ?? "");
      assert.equal(refusalOf(one), "");
      assert.match(refusalOf(`${one.slice(0, -1)}${last[at + 1]}`), /^malformed/u);
    }
    assert.equal(texts.length, 2);
    const bytes = Buffer.from(JSON.stringify({ ...good, jti: "é" }), "latin1");
    assert.match(refusalOf(encoded(bytes)), /^malformed/u);
  });
});
