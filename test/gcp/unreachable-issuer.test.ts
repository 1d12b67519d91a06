/** A cluster whose issuer nobody reaches, and whose tokens Google takes all the same: `kind`, or behind a firewall. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startPublisher } from "../../src/publisher/index.ts";
import { openUploads } from "../../src/publisher/uploads/relying-parties.ts";
import { startStandInGoogle } from "../../src/sandbox/gcp.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { TestClock } from "../support/clock.ts";
import { parse } from "../support/config-text.ts";
import { startGoogleModel } from "../support/google-model.ts";
import { MemoryLog } from "../support/publisher.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { until } from "../support/until.ts";
import { projectNumber } from "./google-world.ts";

const issuer = "https://oidc.example.com";
const provider = `projects/${projectNumber}/locations/global/workloadIdentityPools/prod/providers/prod`;
const mark = "podtrust stack=prod format=1 id=3f2a91bc";
const text = `stack: prod
identity: 3f2a91bc
issuer: ${issuer}
gcp: [{project: shop-project, projectNumber: "${projectNumber}"}]
`;

async function world(t: TestContext) {
  const cluster = await startStandInCluster({ issuer });
  const google = await startStandInGoogle({ project: "shop-project", projectNumber });
  const login = await startGoogleModel();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-unreachable-"));
  t.after(async () => {
    await Promise.all([cluster.close(), google.close(), login.close()]);
    await rm(folder, { recursive: true });
  });
  login.grantAnswer = { status: 200, body: { access_token: google.adminToken, expires_in: 3600 } };
  const file = join(folder, "credentials.json");
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(file, JSON.stringify(login.credentials()));
  await writeFile(kubeconfig, cluster.kubeconfig("publisher"), { mode: 0o600 });
  const clock = new TestClock();
  const api = await openKubernetes({ kubeconfig }, { env: {}, clock: new SwiftClock() });
  const { jwks } = await api.oidcDocuments();
  google.seed({
    pools: [
      {
        id: "prod",
        description: mark,
        providers: [
          {
            id: "prod",
            description: mark,
            oidc: { issuerUri: issuer, jwksJson: Buffer.from(jwks).toString("utf8") },
          },
        ],
      },
    ],
  });
  const env = { GOOGLE_APPLICATION_CREDENTIALS: file, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url };
  const deps = { env, clock: new SwiftClock(), logger: new MemoryLog() };
  const publisher = await startPublisher({
    issuers: [{ stack: "prod", issuer, cluster: api, uploads: await openUploads(await parse(text), deps) }],
    listen: { insecurePlainHttpBehindProxy: [{ host: "127.0.0.1", port: 0 }], admin: false },
    stateDir: join(folder, "state"),
    clock,
    logger: new MemoryLog(),
  });
  t.after(() => publisher.close(0));
  const audience = `//iam.googleapis.com/${provider}`;
  return {
    cluster,
    google,
    clock,
    /** What the exchange answers to a new token of the cluster. */
    async exchange(): Promise<number> {
      const token = cluster.createToken({ namespace: "shop", name: "web", audiences: [`https:${audience}`] });
      const body = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience,
        scope: "https://www.googleapis.com/auth/cloud-platform",
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        subject_token: token,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      });
      return (await fetch(`${google.url}/v1/token`, { method: "POST", body })).status;
    },
    async has(kid: string): Promise<boolean> {
      const headers = { authorization: `Bearer ${google.adminToken}` };
      return (await (await fetch(`${google.url}/v1/${provider}`, { headers })).text()).includes(kid);
    },
  };
}

test("a new key of a cluster that nobody reaches lets its tokens in within the poll and Google's five seconds", async (t) => {
  const at = await world(t);
  const { cluster, google, clock } = at;
  assert.equal(await at.exchange(), 200);
  const { kid } = await cluster.keys.create();
  cluster.keys.promote(kid);
  assert.equal(await at.exchange(), 400, "Google does not have the key yet");
  await until("the source and the upload sleep", () => clock.sleeping >= 2, { everyMs: 2 });
  // A poll, and a tenth of it.
  await clock.advance(11_000);
  await until("the key is uploaded", () => at.has(kid), { everyMs: 5 });
  google.clock.advance(5000);
  assert.equal(await at.exchange(), 200);
});
