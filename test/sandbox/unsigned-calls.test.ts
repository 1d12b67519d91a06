import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { iamSandbox, thumbprint } from "../support/iam.ts";
import { leastOwnTime } from "../support/processor-time.ts";

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An unsigned AssumeRoleWithWebIdentity with a token of these claims, whose signature is nobody's. */
function exchange(claims: object, more: Readonly<Record<string, string>> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claimsByDefault = {
    iss: "https://a.example",
    sub: "s",
    aud: "sts.amazonaws.com",
    iat: now,
    exp: now + 600,
  };
  const token = `${encoded({ alg: "RS256", kid: "k" })}.${encoded({ ...claimsByDefault, ...claims })}.${"A".repeat(342)}`;
  return new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: "arn:aws:iam::111122223333:role/demo",
    RoleSessionName: "session",
    WebIdentityToken: token,
    ...more,
  }).toString();
}

// As long as a token may be: 20,000 characters.
const long = 13_000;
const bodies: readonly (readonly [what: string, body: string])[] = [
  [
    "an issuer that ends in slashes and one more letter",
    exchange({ iss: `https://a.example${"/".repeat(long)}x` }),
  ],
  ["an issuer of white space", exchange({ iss: `https://a.example${" ".repeat(long)}x` })],
  ["an issuer of labels", exchange({ iss: `https://${"a.".repeat(long / 2)}` })],
  ["many audiences", exchange({ aud: Array.from({ length: long / 4 }, () => "a") })],
  ["nested claims", exchange({ x: `${"[".repeat(4000)}${"]".repeat(4000)}` })],
  ["many claims", exchange(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 1])))],
  [
    "a token of dots",
    `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=${".".repeat(20_000)}`,
  ],
  ["a session policy of brackets", exchange({}, { Policy: "[".repeat(2048) })],
  ["a role ARN of slashes", exchange({}, { RoleArn: `arn:aws:iam::111122223333:role/${"/".repeat(2000)}` })],
  [
    "parameters nested eight deep",
    `Action=AssumeRole&${Array.from({ length: 1000 }, (_, index) => `a.b.c.d.e.f.g.${index}=x`).join("&")}`,
  ],
  ["a parameter's name of dots", `Action=AssumeRole&a${".".repeat(20_000)}=1`],
];

describe("what an unsigned call costs the sandbox", () => {
  // An issuer of 13,000 slashes took 150 ms of the one thread.
  for (const [what, body] of bodies) {
    test(`is less than 50 ms of CPU for 20 KB of ${what}`, async (t) => {
      // Nobody listens there: no call waits for an issuer's documents.
      const connectTo = [{ host: "a.example", port: 443, address: "127.0.0.1", toPort: 1 }];
      const { sandbox, iam } = await iamSandbox(t, { connectTo });
      const provider = {
        Url: "https://a.example",
        ClientIDList: ["sts.amazonaws.com"],
        ThumbprintList: [thumbprint],
      };
      await iam.send(new CreateOpenIDConnectProviderCommand(provider));
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const took = await leastOwnTime(5, async () => {
        const response = await fetch(sandbox.url, { method: "POST", body, headers });
        assert.ok(response.status >= 400);
        await response.arrayBuffer();
      });
      assert.ok(took < 50, `${took} ms`);
    });
  }
});
