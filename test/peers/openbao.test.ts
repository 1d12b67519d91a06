/** OpenBao's own server as a relying party: what it answers to a token is what the rules say. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { type JwtRole, type LoginFacts, loginRefusal } from "../../src/rules/openbao/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import {
  discovery,
  ecKey,
  issuer,
  rsaKey,
  sign,
  signer,
  subject,
  type TokenChange,
} from "../conformance/fixture.ts";
import { testAuthority } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { openbaoProgram, runOpenBao } from "../support/openbao-server.ts";
import { until } from "../support/until.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const ec = await ecKey();
const other = await rsaKey("rsa");
const keys = [signer.jwk, ec.jwk];
const boundAudiences = ["openbao"];

/** Times of a token that is good now: OpenBao's clock is the machine's. */
const now = Math.floor(Date.now() / 1000);
const times = { iat: now - 60, nbf: now - 60, exp: now + 3600 };

/** The roles that are there: one by its subject, two by claims. */
const found: Readonly<Record<string, JwtRole>> = {
  cart: { boundAudiences, boundSubject: subject },
  several: {
    boundAudiences,
    boundSubject: "",
    boundClaims: { sub: ["system:serviceaccount:shop:a", subject] },
  },
  absent: { boundAudiences, boundSubject: "", boundClaims: { email: ["a@example.com"] } },
};

interface Case extends TokenChange {
  readonly role?: string;
  readonly jwt?: string;
}

describe("OpenBao's JWT auth method", { skip: missing ?? false }, () => {
  let folder: string;
  let server: ChildProcess | undefined;
  let published: IssuerServer;
  let url: string;

  async function bao(
    path: string,
    body: object,
  ): Promise<{ readonly status: number; readonly errors: readonly string[] }> {
    const answer = await fetch(`${url}/v1/${path}`, {
      method: "POST",
      headers: { "x-vault-token": "root" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    const { errors = [] } = (text === "" ? {} : JSON.parse(text)) as { errors?: readonly string[] };
    return { status: answer.status, errors };
  }

  async function made(path: string, body: object): Promise<void> {
    const { status, errors } = await bao(path, body);
    assert.ok(status < 300, `${path}: ${status} ${errors.join()}`);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-"));
    const authority = await testAuthority();
    published = await startIssuer(authority, { host: "oidc.example.test", certificateNames: ["127.0.0.1"] });
    published.publish(keys);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const args = ["server", "-dev", "-dev-root-token-id=root", `-dev-listen-address=127.0.0.1:${port}`];
    server = runOpenBao(args, { HOME: folder });
    await until("OpenBao answers", () =>
      fetch(`${url}/v1/sys/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await made("sys/auth/jwt", { type: "jwt" });
    await made("auth/jwt/config", {
      jwks_url: `https://127.0.0.1:${published.connectTo[0]?.toPort}/openid/v1/jwks`,
      jwks_ca_pem: authority.root,
      bound_issuer: issuer,
    });
    for (const [name, role] of Object.entries(found))
      await made(`auth/jwt/role/${name}`, {
        role_type: "jwt",
        user_claim: "sub",
        bound_audiences: boundAudiences,
        bound_subject: role.boundSubject,
        bound_claims: role.boundClaims ?? {},
      });
  });
  after(async () => {
    if (server?.exitCode === null) {
      server.kill();
      await once(server, "exit");
    }
    await published?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [name, change] of [
    ["an RSA key's token", {}],
    ["an EC key's token", { key: ec }],
    ["a role that is not there", { role: "other" }],
    ["a role of several ServiceAccounts, for one of them", { role: "several" }],
    [
      "a role of several ServiceAccounts, for another",
      { role: "several", claims: { sub: "system:serviceaccount:shop:other" } },
    ],
    ["a role that binds a claim which the token lacks", { role: "absent" }],
    [
      "an expired token for another ServiceAccount than several",
      { role: "several", claims: { sub: "x", exp: now - 600 } },
    ],
    ["a token that is none", { jwt: "s.abc" }],
    ["a kid that the issuer has not", { header: { kid: "unknown" } }],
    ["another key's token under the same kid", { key: other }],
    ["an issuer with a slash more", { claims: { iss: `${issuer}/` } }],
    ["another ServiceAccount's token", { claims: { sub: "system:serviceaccount:shop:other" } }],
    ["a token for AWS", { claims: { aud: ["sts.amazonaws.com"] } }],
    ["a token that has expired", { claims: { exp: now - 600 } }],
    ["a token that is not good yet", { claims: { nbf: now + 600 } }],
    ["a token that was issued later", { claims: { iat: now + 600 } }],
    ["a token without an end, and fresh", { claims: { exp: undefined, iat: now - 60 } }],
    [
      "a token without an end that was made four minutes ago",
      { claims: { exp: undefined, iat: now - 240, nbf: now - 240 } },
    ],
    ["a token without any time", { claims: { exp: undefined, iat: undefined, nbf: undefined } }],
    ["a token whose end is a text", { claims: { exp: String(now + 600) } }],
    ["a token whose beginning is a text", { claims: { nbf: String(now - 60) } }],
    [
      "a token for AWS of another ServiceAccount, which has expired",
      { claims: { aud: "x", sub: "y", exp: 1 } },
    ],
  ] as readonly (readonly [string, Case])[])
    test(`answers ${name} as the rules say`, async () => {
      const { role = "cart", jwt, ...token } = change;
      const text =
        jwt ?? (await sign({ ...token, claims: { ...times, aud: boundAudiences, ...token.claims } }));
      const facts: LoginFacts = {
        role,
        jwt: text,
        now,
        issuer,
        boundIssuer: issuer,
        found: found[role],
        documents: { ok: true, discovery: discovery(), jwks: JSON.stringify({ keys }) },
      };
      const refusal = loginRefusal(facts, keyChecks);
      const { status, errors } = await bao("auth/jwt/login", { role, jwt: text });
      if (refusal === undefined) assert.deepEqual([status, errors], [200, []]);
      else if (refusal === "needs-documents") assert.fail("the documents are there");
      else assert.deepEqual([status, errors.join()], [refusal.status, refusal.message]);
    });
});
