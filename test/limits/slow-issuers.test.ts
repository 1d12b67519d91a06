/** Issuers that answer later than AWS waits, which is five seconds: all at once. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awsError, testSandbox } from "../support/sandbox.ts";
import { cart, shop, started } from "../support/seeded-sandbox.ts";

const noKey =
  /^Couldn't retrieve verification key from your identity provider, {2}please reference AssumeRoleWithWebIdentity documentation for requirements$/u;
const refused = awsError("InvalidIdentityToken", noKey);

describe("an issuer slower than five seconds", { concurrency: true }, () => {
  test("verifies nothing", async (t) => {
    const { role, token, assume, issuer } = await testSandbox(t);
    const arn = await role("demo");
    issuer.pages.set("/openid/v1/jwks", { delayMs: 20_000 });
    const start = performance.now();
    await assert.rejects(assume({ role: arn, token: await token() }), refused);
    // The documents would be good at the end of their delay.
    const took = performance.now() - start;
    assert.ok(took > 4500, `${took} ms`);
  });

  test("as the sandbox's library has one fail: tokens are refused, and accepted again once it is mended", async (t) => {
    const { sandbox, issuer, assume } = await started(t);
    await sandbox.seed(shop);
    await assume(issuer.token(cart));
    issuer.fail("slow");
    await assert.rejects(assume(issuer.token(cart)), refused);
    issuer.fail(undefined);
    await assume(issuer.token(cart));
  });
});
