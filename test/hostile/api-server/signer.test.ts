/** An API server that somebody else has, at the signer's own socket: what it gets signed, and what says so. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import { until } from "../../support/until.ts";
import { claimsOfToken, signRequest, tokenClaims } from "../../signer/grpc-client.ts";
import { signerWorld } from "../../signer/world.ts";

const year = 365 * 24 * 3600;

/** What it does at the socket, and what a person sees. */
interface World {
  /** `signed`, or the sentence that it is refused with. */
  readonly sign: (claims: string) => Promise<string>;
  readonly metrics: () => Promise<string>;
  readonly status: () => Promise<CliResult>;
  readonly lines: readonly string[];
}

async function world(t: TestContext, allowed: readonly string[] = []): Promise<World> {
  const { keys, state, serve, client, log } = await signerWorld(t);
  await keys.create("ES256");
  const { address } = await serve({ maxSeconds: 3600, allowed });
  const asked = client();
  return {
    lines: log.lines,
    async sign(claims) {
      const { status, message } = await asked.call("Sign", signRequest(claims));
      return status === "0" ? "signed" : message;
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${address.port}/metrics`)).text(),
    status: () => podtrustHere(["signer", "status", "--state", state], { clock: systemClock }),
  };
}

const refused = "the signer refused the claims";
const textOf = (more: object): string => JSON.stringify({ ...tokenClaims(), ...more });
const encoded = (text: string): string => Buffer.from(text).toString("base64url");

describe("an API server that somebody else has", () => {
  test("gets the tokens of now that it could have anyway", async (t) => {
    const { sign } = await world(t);
    assert.equal(await sign(claimsOfToken()), "signed");
  });

  test("stocks no token for later", async (t) => {
    const { sign, metrics } = await world(t);
    const { iat } = tokenClaims();
    const later = [3600, year, 30 * year].map((ahead) => iat + ahead);
    for (const at of later) {
      assert.equal(await sign(claimsOfToken({ iat: at, nbf: at, exp: at + 3600 })), refused);
      assert.equal(await sign(claimsOfToken({ iat: at, nbf: iat, exp: at + 3600 })), refused);
      assert.equal(await sign(claimsOfToken({ iat, nbf: at, exp: at + 3600 })), refused);
    }
    assert.equal(await sign(claimsOfToken({ exp: iat + 3700 })), refused);
    assert.match(await metrics(), /^podtrust_signer_refused_total\{reason="time"\} 10$/mu);
  });

  test("gets no token of another issuer, and none that two readers read differently", async (t) => {
    const { sign, metrics } = await world(t);
    const { iat } = tokenClaims();
    assert.equal(await sign(claimsOfToken({ iss: "https://other.example" })), refused);
    for (const more of [
      `"sub":"system:serviceaccount:kube-system:admin",`,
      `"exp":${iat + 30 * year},`,
      `"EXP":${iat + 30 * year},`,
      `"\\u0069ss":"https://other.example",`,
    ])
      assert.equal(await sign(encoded(textOf({}).replace("{", `{${more}`))), refused, more);
    const text = await metrics();
    assert.match(text, /^podtrust_signer_refused_total\{reason="issuer"\} 1$/mu);
    assert.match(text, /^podtrust_signer_refused_total\{reason="twice"\} 4$/mu);
    assert.match(text, /^podtrust_signer_refused_total\{reason="subject"\} 0$/mu);
  });

  test("is told by status, metric and log with the claim that is not known, which a person may allow", async (t) => {
    const claims = claimsOfToken({ act: { sub: "x" } });
    const { sign, metrics, status, lines } = await world(t);
    assert.equal(await sign(claims), refused);
    const { out } = await status();
    assert.match(out, /^refused: 1 member; .*: the member "act" is not known$/mu);
    assert.match(out, /^unknown claims: "act"; .*--allow-claim$/mu);
    assert.match(await metrics(), /^podtrust_signer_refused_total\{reason="member"\} 1$/mu);
    await until("the log says it", () =>
      lines.some((line) => line.includes('the member "act" is not known')),
    );
    const allowing = await world(t, ["act"]);
    assert.equal(await allowing.sign(claims), "signed");
    assert.doesNotMatch((await allowing.status()).out, /refused/u);
  });

  test("makes neither status nor metrics grow by what it sends, and moves no cursor with it", async (t) => {
    const { sign, metrics, status } = await world(t);
    const before = (await metrics()).split("\n").length;
    for (let index = 0; index < 200; index += 1)
      await sign(claimsOfToken({ [`\u001B[2J${index}${"x".repeat(200)}`]: 1 }));
    assert.equal((await metrics()).split("\n").length - before, 1, "one series of calls, and no other");
    const { out } = await status();
    assert.ok(out.length < 5000, String(out.length));
    assert.ok(!out.includes("\u001B"));
    assert.equal(await sign(claimsOfToken()), "signed");
  });
});
