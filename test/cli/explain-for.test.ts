/** `podtrust explain --for`: what relying parties other than AWS would find of a token, by files of their own tools. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { discovery, ecKey, issuer, now, sign, signer, subject } from "../conformance/fixture.ts";
import { audience, principal, providerName } from "../conformance/gcp-fixture.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";

const clock = new TestClock(now * 1000);
const provider = {
  name: providerName,
  state: "ACTIVE",
  attributeMapping: { "google.subject": "assertion.sub" },
  attributeCondition: "assertion.sub.startsWith('system:serviceaccount:shop:')",
  oidc: { issuerUri: issuer, jwksJson: JSON.stringify({ keys: [signer.jwk] }) },
};
const policy = { bindings: [{ role: "roles/iam.workloadIdentityUser", members: [principal] }] };
const credential = { name: "cart", issuer, subject, audiences: ["api://AzureADTokenExchange"] };
const role = { data: { bound_audiences: ["openbao"], bound_subject: subject } };

describe("podtrust explain --for", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-explain-for-"));
    const { jwksJson: _, ...fetched } = provider.oidc;
    const files = {
      provider,
      fetched: { ...provider, oidc: fetched },
      policy,
      credentials: [credential],
      role,
      config: { data: { bound_issuer: issuer } },
      jwks: { keys: [signer.jwk] },
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, `${name}.json`), JSON.stringify(content));
    await writeFile(join(folder, "discovery.json"), discovery());
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const documents = ["--discovery", "discovery.json", "--jwks", "jwks.json"];

  async function explain(
    party: string,
    described: readonly string[],
    {
      claims = {},
      key = signer,
      more = [],
    }: { claims?: object; key?: typeof signer; more?: readonly string[] } = {},
  ): Promise<CliResult> {
    await writeFile(join(folder, "token"), await sign({ claims: { ...claims }, key }));
    const files = described.flatMap((name) => ["--described", `${name}.json`]);
    return podtrustHere(["explain", "--for", party, "--token", "token", ...files, ...more], {
      cwd: folder,
      clock,
    });
  }

  test("gcp: the provider's uploaded keys are enough, and policies' name for it is shown", async () => {
    const { code, out } = await explain("gcp", ["provider"], { claims: { aud: [audience] } });
    assert.match(out, /^Google Cloud would accept the token for provider projects\/123456789012\//mu);
    assert.ok(out.includes(principal));
    assert.match(out, /13 of 13 rules passed/u);
    assert.equal(code, 0);
  });

  test("gcp: a token for AWS is denied by the rule on audiences, with Google's words and what to do", async () => {
    const { code, out } = await explain("gcp", ["provider"], { claims: { aud: ["sts.amazonaws.com"] } });
    assert.match(out, /would deny it, by the rule subject-token-audience/u);
    assert.match(
      out,
      /Google Cloud answers invalid_grant \(400\): The audience in ID Token \[sts\.amazonaws\.com\]/u,
    );
    assert.match(
      out,
      /Project the token with audience https:\/\/iam\.googleapis\.com\/projects\/123456789012/u,
    );
    assert.equal(code, 3);
  });

  test("gcp: without uploaded keys those of the issuer count, and a service account's policy is asked as well", async () => {
    const email = ["--service-account", "cart@my-project.iam.gserviceaccount.com"];
    const options = { claims: { aud: [audience] }, more: [...documents, ...email] };
    const accepted = await explain("gcp", ["fetched", "policy"], options);
    assert.match(accepted.out, /15 of 15 rules passed/u);
    const lacking = await explain("gcp", ["fetched"], options);
    assert.match(lacking.err, /needs its policy/u);
    assert.equal(lacking.code, 2);
  });

  test("azure: a federated credential is met, and an EC key is refused by its number", async () => {
    const claims = { aud: ["api://AzureADTokenExchange"] };
    const accepted = await explain("azure", ["credentials"], { claims, more: documents });
    assert.match(accepted.out, /^Azure would accept the token for identity of 1 federated credential\.$/mu);
    const key = await ecKey();
    const { code, out } = await explain("azure", ["credentials"], {
      claims,
      key,
      more: [...documents, "--json"],
    });
    const { refusal } = JSON.parse(out) as { refusal: { rule: string; number: number } };
    assert.deepEqual([code, refusal.rule, refusal.number], [3, "assertion-algorithm", 5_002_738]);
  });

  test("openbao: a role lets in, and a mount without bound_issuer is warned of", async () => {
    const claims = { aud: ["openbao"] };
    const bound = await explain("openbao", ["role", "config"], { claims, more: documents });
    assert.match(
      bound.out,
      /^OpenBao would accept the token for role for system:serviceaccount:shop:cart\.$/mu,
    );
    const loose = await explain("openbao", ["role"], { claims, more: documents });
    assert.match(loose.out, /bound-issuer +iss is not compared\n +warning: The mount has no bound_issuer/u);
    assert.equal(loose.code, 0);
  });

  for (const [args, message] of [
    [["--for", "oracle"], /--for oracle is no relying party/u],
    [["--for", "gcp", "--role", "r"], /--role does not go with --for gcp/u],
    [["--for", "gcp", "--trust-policy", "t"], /--trust-policy does not go with --for gcp/u],
    [["--for", "gcp"], /none of the files describes an OIDC provider/u],
    [["--described", "f", "--role", "r"], /--described does not go with --for aws/u],
    [[], /--role is missing/u],
  ] as const)
    test(`${args.join(" ") || "nothing"} is an error that says so`, async () => {
      await writeFile(join(folder, "token"), await sign());
      const { code, err } = await podtrustHere(["explain", "--token", "token", ...args], {
        cwd: folder,
        clock,
      });
      assert.match(err, message);
      assert.ok(code === 2 || code === 1);
    });
});
