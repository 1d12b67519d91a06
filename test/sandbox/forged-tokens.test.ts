/** Tokens that no issuer gives, and several issuers: by the library and over the control API, judged by STS. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  type ConnectedIssuer,
  connectSandbox,
  type ForgedToken,
  type SandboxConnection,
  type SandboxIssuer,
  startSandbox,
  startSandboxProcess,
} from "../../src/sandbox/index.ts";

type Issuer = SandboxIssuer | ConnectedIssuer;

const github = "https://token.actions.githubusercontent.com";
const account = "111122223333";
const cart = { namespace: "shop", name: "cart" };

function trusts(url: string, sub: string): object {
  const name = url.slice("https://".length);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${name}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${name}:sub`]: sub } },
      },
    ],
  };
}

/** The same account by three ways, each with an issuer and a role that it lets the cart have. */
async function issuers(t: TestContext): Promise<readonly (readonly [string, Issuer, SandboxConnection])[]> {
  const sandbox = await startSandbox();
  const other = await startSandboxProcess();
  t.after(() => Promise.all([sandbox.close(), other.close()]));
  const connection = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
  for (const one of [connection, other]) {
    const { url } = await one.issuer();
    await one.seed({
      providers: [{ url, audiences: ["sts.amazonaws.com"] }],
      roles: [{ name: "cart", trustPolicy: trusts(url, "system:serviceaccount:shop:cart") }],
    });
  }
  return [
    ["library", await sandbox.issuer(), connection],
    ["connection", await connection.issuer(), connection],
    ["process", await other.issuer(), other],
  ];
}

async function exchange(url: string, token: string, role = "cart"): Promise<string> {
  const sts = new STSClient({ endpoint: url, region: "us-east-1", maxAttempts: 1 });
  const { SubjectFromWebIdentityToken: subject } = await sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${account}:role/${role}`,
      RoleSessionName: "job",
      WebIdentityToken: token,
    }),
  );
  return subject ?? "";
}

const forged: readonly [string, ForgedToken, { readonly rule: string; readonly code: string }][] = [
  [
    "an unknown key",
    { ...cart, signedBy: "foreign-key" },
    { rule: "signature", code: "InvalidIdentityToken" },
  ],
  [
    "an end in the past",
    { ...cart, expirationSeconds: -600 },
    { rule: "not-expired", code: "ExpiredTokenException" },
  ],
  [
    "no end",
    { ...cart, claims: { exp: undefined } },
    { rule: "required-claims", code: "InvalidIdentityToken" },
  ],
  [
    "another subject",
    { claims: { sub: "system:serviceaccount:shop:till" } },
    { rule: "trust-policy", code: "AccessDenied" },
  ],
  [
    "another audience",
    { ...cart, audiences: ["other"] },
    { rule: "audience-registered", code: "InvalidIdentityToken" },
  ],
  [
    "another issuer",
    { ...cart, claims: { iss: "https://evil.test" } },
    { rule: "issuer-registered", code: "InvalidIdentityToken" },
  ],
  [
    "a subject of null",
    { ...cart, claims: { sub: null } },
    { rule: "subject-text", code: "InternalFailure" },
  ],
  [
    "an unknown kid",
    { ...cart, header: { kid: "none" } },
    { rule: "key-selection", code: "InvalidIdentityToken" },
  ],
  [
    "a beginning that lies ahead",
    { ...cart, issuedAt: 4_000_000_000 },
    { rule: "issued-in-past", code: "InvalidIdentityToken" },
  ],
  [
    "no algorithm",
    { ...cart, header: { alg: "none" } },
    { rule: "token-algorithm", code: "InvalidIdentityToken" },
  ],
];

describe("forged tokens", () => {
  test("are refused by STS by the same rules, whichever way they were asked for", async (t) => {
    for (const [way, issuer, at] of await issuers(t)) {
      assert.equal(await exchange(at.url, await issuer.forgeToken(cart)), "system:serviceaccount:shop:cart");
      for (const [what, spec, { rule, code }] of forged) {
        await assert.rejects(exchange(at.url, await issuer.forgeToken(spec)), Error, `${way}: ${what}`);
        const decision = (await at.decisions({ service: "sts" })).at(-1);
        assert.deepEqual([decision?.rule, decision?.code], [rule, code], `${way}: ${what}`);
      }
    }
  });

  test("say what they were told to, and of Kubernetes only where a ServiceAccount was named", async (t) => {
    const payload = (token: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<
        string,
        unknown
      >;
    for (const [way, issuer] of await issuers(t)) {
      const claims = { sub: "repo:o/r:pull_request", repository: "o/r", jti: undefined };
      const workflow = payload(await issuer.forgeToken({ claims }));
      assert.deepEqual(
        Object.keys(workflow).sort(),
        ["aud", "exp", "iat", "iss", "nbf", "repository", "sub"],
        way,
      );
      assert.deepEqual(workflow["aud"], ["sts.amazonaws.com"]);
      assert.ok("kubernetes.io" in payload(await issuer.forgeToken(cart)));
    }
  });
});

describe("several issuers", () => {
  test("have keys of their own, and a token of one is no token of another", async (t) => {
    for (const [way, , at] of await issuers(t)) {
      const workflows = await at.issuer(github);
      assert.equal(workflows.url, github);
      const role = way === "connection" ? "deploy-again" : "deploy";
      const sub = "repo:octo-org/octo-repo:ref:refs/heads/main";
      const known = (await at.decisions({ action: "AssumeRoleWithWebIdentity" })).length;
      if (way !== "connection")
        await at.seed({ providers: [{ url: github, audiences: ["sts.amazonaws.com"] }] });
      await at.seed({ roles: [{ name: role, trustPolicy: trusts(github, sub) }] });
      assert.equal(await exchange(at.url, await workflows.forgeToken({ claims: { sub } }), role), sub);
      const cluster = await at.issuer();
      const borrowed = await cluster.forgeToken({ claims: { iss: github, sub } });
      await assert.rejects(exchange(at.url, borrowed, role), { name: "InvalidIdentityTokenException" });
      assert.equal((await at.decisions({ action: "AssumeRoleWithWebIdentity" })).length, known + 2);
    }
  });

  test("fail each for itself, and are mended together by a reset", async (t) => {
    const [[, , at] = assert.fail()] = await issuers(t);
    const other = await at.issuer("https://other.test");
    await other.fail("not-found");
    assert.ok(await exchange(at.url, await (await at.issuer()).token(cart)));
    const sub = "anybody";
    await at.seed({
      providers: [{ url: other.url, audiences: ["sts.amazonaws.com"], thumbprints: ["a".repeat(40)] }],
      roles: [{ name: "other", trustPolicy: trusts(other.url, sub) }],
    });
    const token = await other.forgeToken({ claims: { sub } });
    await assert.rejects(exchange(at.url, token, "other"), /verification key/u);
    await other.fail(undefined);
    assert.equal(await exchange(at.url, token, "other"), sub);
  });

  test("are sixteen at the most, and a URL that is none is refused by name", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    await assert.rejects(sandbox.issuer("http://plain.test"), { code: "issuer-invalid" });
    for (let count = 0; count < 16; count += 1) await sandbox.issuer(`https://issuer-${count}.test`);
    await assert.rejects(sandbox.issuer(), { code: "sandbox-control-request", message: /16 issuers/u });
  });
});
