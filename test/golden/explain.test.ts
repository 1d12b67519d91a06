/** What `podtrust explain --for` prints with `--json`: a token that each relying party accepts, and one that it denies. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { discovery, issuer, now, sign, signer, subject } from "../conformance/fixture.ts";
import { audience, principal, providerName } from "../conformance/gcp-fixture.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { ShownRuns } from "./shown.ts";

const clock = new TestClock(now * 1000);
const provider = {
  name: providerName,
  state: "ACTIVE",
  attributeMapping: { "google.subject": "assertion.sub" },
  attributeCondition: "assertion.sub.startsWith('system:serviceaccount:shop:')",
  oidc: { issuerUri: issuer, jwksJson: JSON.stringify({ keys: [signer.jwk] }) },
};
const documents = "--discovery discovery.json --jwks jwks.json";

/** By the audience of the token. */
const runs: readonly (readonly [line: string, ...audiences: readonly string[]])[] = [
  ["gcp --described provider.json", audience, "sts.amazonaws.com"],
  [
    `gcp --described fetched.json --described policy.json --service-account cart@my-project.iam.gserviceaccount.com ${documents}`,
    audience,
  ],
  [`azure --described credentials.json ${documents}`, "api://AzureADTokenExchange", "sts.amazonaws.com"],
  [`openbao --described role.json --described config.json ${documents}`, "openbao", "sts.amazonaws.com"],
  [`openbao --described role.json ${documents}`, "openbao"],
];

test("the golden output of podtrust explain --for has each rule of each relying party", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "podtrust-explained-"));
  t.after(() => rm(cwd, { recursive: true }));
  const { jwksJson: _, ...oidc } = provider.oidc;
  const files = {
    provider,
    fetched: { ...provider, oidc },
    policy: { bindings: [{ role: "roles/iam.workloadIdentityUser", members: [principal] }] },
    credentials: [{ name: "cart", issuer, subject, audiences: ["api://AzureADTokenExchange"] }],
    role: { data: { bound_audiences: ["openbao"], bound_subject: subject } },
    config: { data: { bound_issuer: issuer } },
    jwks: { keys: [signer.jwk] },
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(cwd, `${name}.json`), JSON.stringify(content));
  await writeFile(join(cwd, "discovery.json"), discovery());
  const shown = new ShownRuns();
  for (const [line, ...audiences] of runs)
    for (const aud of audiences) {
      await writeFile(join(cwd, "token"), await sign({ claims: { aud: [aud] }, key: signer }));
      const typed = `explain --token token --for ${line}`;
      shown.add(typed, await podtrustHere([...typed.split(" "), "--json"], { cwd, clock }));
    }
  shown.hold("explain-for");
});
