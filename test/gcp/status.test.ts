/** `status` of a config's Google Cloud, against the stand-in: a real exchange with a token that a cluster minted. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { defined, type JsonRecord, mapped, recordOf } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type StandInGoogle, startStandInGoogle } from "../../src/sandbox/gcp.ts";
import type { TrustMap } from "../../src/map/index.ts";
import type { StatusReport } from "../../src/stack/index.ts";
import { celBombs } from "../support/cel-bombs.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { newKey } from "../support/publisher.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const email = "shop-web@podtrust-sandbox.iam.gserviceaccount.com";
const pool = "projects/123456789012/locations/global/workloadIdentityPools/prod";

const config = `
stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
gcp:
  - project: podtrust-sandbox
    projectNumber: "123456789012"
    serviceAccounts: [{email: ${email}, serviceAccounts: [shop/web]}]
    direct: [{serviceAccounts: [shop/reader]}]
`;

describe("status of Google Cloud", () => {
  let folder = "";
  let google: StandInGoogle;
  let cluster: StandInCluster;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-status-"));
    google = await startStandInGoogle({ delays: { grant: 0, revoke: 0, upload: 0 } });
    await writeFile(join(folder, "podtrust.yaml"), config);
    await writeFile(join(folder, "admin.json"), JSON.stringify(google.adminFile));
  });
  after(async () => {
    await google.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => cluster.close());
  beforeEach(async () => {
    google.reset();
    google.seed({ serviceAccounts: [{ id: "shop-web" }] });
    cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
    for (const name of ["web", "reader"]) cluster.addServiceAccount("shop", name);
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
    await podtrust(["up", "--yes"]);
  });

  function podtrust(args: readonly string[], credentials = "admin.json"): Promise<CliResult> {
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: join(folder, credentials),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
    };
    return podtrustHere(args, { cwd: folder, clock: new SwiftClock(), env });
  }

  /** `reason: what was seen` of each finding, by link. */
  async function status(credentials?: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const { out, err } = await podtrust(["status", "--json"], credentials);
    const { links } = JSON.parse(out || err) as StatusReport;
    return new Map(
      links.map(({ name, findings }) => [name, findings.map(({ reason, seen }) => `${reason}: ${seen}`)]),
    );
  }

  /** Asks the stand-in as its administrator, and gives its answer. */
  async function ask(method: string, path: string, body?: object): Promise<JsonRecord> {
    const { status: code, body: answer } = await request(`${google.url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${google.adminToken}`, "content-type": "application/json" },
      ...defined({ body: mapped(body, JSON.stringify) }),
      allowPlainHttp: true,
    });
    assert.equal(code, 200, `${method} ${path}`);
    return recordOf(JSON.parse(answer.toString("utf8")));
  }

  test("of a project that is as the config has it holds at every link, by an exchange", async () => {
    const links = await status();
    assert.deepEqual(links.get("provider"), [
      "PoolProviderFound: provider prod of pool prod trusts https://oidc.example.com, and has the cluster's keys",
    ]);
    assert.deepEqual(links.get("trust"), [`MembersMatch: ${email} lets in shop/web`]);
    assert.equal(links.get("serviceaccount")?.length, 2);
    assert.match(
      links.get("token")?.[0] ?? "",
      /^TokenValid: sub system:serviceaccount:shop:web, aud https:\/\/iam\.googleapis\.com\/projects\/123456789012\//u,
    );
    assert.deepEqual(links.get("sts"), [
      `GoogleAccepted: shop/web becomes ${email}`,
      "GoogleAccepted: shop/reader becomes a principal of the pool",
    ]);
    assert.deepEqual(
      ["discovery", "jwks", "dns", "tls", "reachability"].filter((link) => links.has(link)),
      [],
      "nobody fetches anything",
    );
    const whole = await podtrust(["status"]);
    assert.equal(whole.code, 0, whole.out);
  });

  test("names a pool or provider that is missing, deleted, disabled or another's", async () => {
    await ask("PATCH", `${pool}/providers/prod?updateMask=disabled`, { disabled: true });
    assert.deepEqual((await status()).get("provider"), [
      "PoolProviderDisabled: the provider prod of pool prod is disabled",
    ]);
    await ask("DELETE", `${pool}/providers/prod`);
    assert.deepEqual((await status()).get("provider"), [
      "PoolProviderMissing: the provider prod of pool prod was deleted",
    ]);
    await ask("PATCH", `${pool}?updateMask=description`, { description: "by hand" });
    assert.match(
      (await status()).get("provider")?.[0] ?? "",
      /^NotOwned: the pool prod does not carry this stack's mark: .*"by hand"/u,
    );
    google.reset();
    google.seed({ serviceAccounts: [{ id: "shop-web" }] });
    assert.deepEqual((await status()).get("provider"), ["PoolProviderMissing: there is no pool prod"]);
  });

  test("names fields that differ, and says by which rule Google refuses", async () => {
    await ask("PATCH", `${pool}/providers/prod?updateMask=attributeCondition`, {
      attributeCondition: "assertion.sub == 'x'",
    });
    const links = await status();
    assert.deepEqual(links.get("provider"), [
      "PoolProviderDrift: the provider prod of pool prod differs from the config in condition",
    ]);
    assert.match(
      links.get("sts")?.[0] ?? "",
      /^GoogleRefused: shop\/web as shop-web@.*: unauthorized_client: The given credential is rejected by the attribute condition\. \(attribute-condition: /u,
    );
  });

  test("outlives a condition that would take all memory, and says that it has no value", async () => {
    for (const attributeCondition of Object.values(celBombs).slice(0, 3)) {
      await ask("PATCH", `${pool}/providers/prod?updateMask=attributeCondition`, { attributeCondition });
      assert.match(
        (await status()).get("sts")?.[0] ?? "",
        /\(attribute-condition: the condition .* has no value: it takes more than 100000 steps\)/u,
      );
    }
  });

  test("tells that the uploaded keys are no longer the cluster's, which Google itself does not", async () => {
    const { kid } = await cluster.keys.create();
    cluster.keys.promote(kid);
    const links = await status();
    assert.deepEqual(links.get("provider"), [
      "PoolProviderDrift: the provider prod of pool prod differs from the config in keys",
    ]);
    assert.match(
      links.get("sts")?.[0] ?? "",
      /Error connecting to the given credential's issuer\. \(key-selection: /u,
    );
    await podtrust(["up", "--yes"]);
    assert.match((await status()).get("sts")?.[0] ?? "", /^GoogleAccepted/u);
  });

  test("names a key that was uploaded beside the cluster's, and up takes it out", async () => {
    const { jwksJson } = recordOf((await ask("GET", `${pool}/providers/prod`))["oidc"]);
    const { keys } = JSON.parse(String(jwksJson)) as { keys: readonly object[] };
    const rogue = newKey();
    const oidc = { jwksJson: JSON.stringify({ keys: [...keys, rogue] }) };
    await ask("PATCH", `${pool}/providers/prod?updateMask=oidc.jwksJson`, { oidc });
    assert.deepEqual((await status()).get("provider"), [
      `PoolProviderDrift: the provider prod of pool prod differs from the config in keys; it has keys that neither the cluster shows nor an operator of it remembers: ${rogue.kid}`,
    ]);
    await podtrust(["up", "--yes"]);
    assert.match((await status()).get("provider")?.[0] ?? "", /^PoolProviderFound/u);
  });

  test("names who is let in instead, and a service account that is not there", async () => {
    await ask("POST", `projects/-/serviceAccounts/${email}:setIamPolicy`, {
      policy: {
        version: 3,
        bindings: [
          {
            role: "roles/iam.workloadIdentityUser",
            members: [`principal://iam.googleapis.com/${pool}/subject/system:serviceaccount:shop:other`],
          },
        ],
      },
    });
    const links = await status();
    assert.match(
      links.get("trust")?.[0] ?? "",
      /^MembersDrift: .* lets in .*shop:other, the config means shop\/web$/u,
    );
    assert.match(
      links.get("sts")?.[0] ?? "",
      /PERMISSION_DENIED: Permission 'iam\.serviceAccounts\.getAccessToken' denied .* \(impersonation-permitted: /u,
    );
    await ask("DELETE", `projects/-/serviceAccounts/${email}`);
    assert.deepEqual((await status()).get("trust"), [
      `GoogleAccountMissing: there is no service account ${email}`,
    ]);
  });

  test("stands on the trust map: its ways are proved by an exchange, and keys that were not uploaded are told", async () => {
    const map = async (): Promise<TrustMap> =>
      JSON.parse((await podtrust(["map", "--json"])).out) as TrustMap;
    const { access, nodes, findings } = await map();
    assert.deepEqual(
      access.map(({ serviceAccount, role, proof }) => [serviceAccount, role, proof?.outcome]),
      [
        ["service-account shop/web", `role Google Cloud, project podtrust-sandbox, ${email}`, "accepted"],
        [
          "service-account shop/reader",
          "role Google Cloud, project podtrust-sandbox, principal of shop/reader",
          "accepted",
        ],
      ],
    );
    const provider = nodes.find(({ kind }) => kind === "provider");
    const kids = cluster.keys.list().map(({ kid }) => kid);
    assert.deepEqual(
      provider?.details.find(([label]) => label === "Keys"),
      ["Keys", `uploaded: ${kids.join(", ")}`],
    );
    assert.deepEqual(findings, []);
    await cluster.keys.create();
    assert.deepEqual(
      (await map()).findings.map(({ rule }) => rule),
      ["key-not-uploaded"],
    );
    const page = await podtrust(["map", "-o", "map.html"]);
    assert.match(page.out, /2 ServiceAccounts can become 2 roles by 2 ways, 2 of them proved$/mu);
  });

  test("without credentials exchanges tokens all the same, and says what it could not look at", async () => {
    const links = await status("absent.json");
    assert.match(links.get("provider")?.[0] ?? "", /^GoogleNotAsked: /u);
    assert.match(links.get("trust")?.[0] ?? "", /^GoogleNotAsked: /u);
    assert.match(links.get("sts")?.[0] ?? "", /^GoogleAccepted: /u);
  });
});
