import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { caaValues } from "./caa.ts";

const directory = "https://acme-v02.api.letsencrypt.org/directory";
const account = (over: object = {}): object => ({
  directory,
  uri: "https://acme-v02.api.letsencrypt.org/acme/acct/1",
  caaIdentities: ["letsencrypt.org"],
  ...over,
});

describe("CAA records of the issuer's name", () => {
  test("there is one for each account, of each CA and environment, with every enabled challenge", () => {
    const staging = account({ uri: "https://acme-staging-v02.api.letsencrypt.org/acme/acct/2" });
    const other = account({ uri: "https://ca.example/acct/3", caaIdentities: ["CA.example", "old.example"] });
    assert.deepEqual(caaValues(JSON.stringify([account(), staging, other]), ["http-01", "dns-01"]), [
      '0 issue "letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1; validationmethods=http-01,dns-01"',
      '0 issue "letsencrypt.org; accounturi=https://acme-staging-v02.api.letsencrypt.org/acme/acct/2; validationmethods=http-01,dns-01"',
      '0 issue "ca.example; accounturi=https://ca.example/acct/3; validationmethods=http-01,dns-01"',
    ]);
  });

  test("before there is an account there is none, so that no CA is shut out", () => {
    assert.deepEqual(caaValues("[]", ["http-01"]), []);
  });

  const strange: Readonly<Record<string, object>> = {
    "says no name": { caaIdentities: [] },
    "says a name with a space": { caaIdentities: ["ca example"] },
    "says a name with a parameter of its own": {
      caaIdentities: ["ca.example; accounturi=https://evil.example/"],
    },
    "has accounts with a quote in them": { uri: 'https://ca.example/"' },
    "has no account URI": { uri: "" },
  };
  for (const [what, over] of Object.entries(strange)) {
    test(`a certificate authority that ${what} is an error, since a record without it would shut it out`, () => {
      assert.throws(() => caaValues(JSON.stringify([account(over)]), ["http-01"]), {
        code: "dns-caa-unknown",
        message: /acme-v02\.api\.letsencrypt\.org\/directory does not say/u,
      });
    });
  }
});
