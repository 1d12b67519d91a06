/** A company's network: nothing leaves but through its proxy, which shows certificates of the company's own CA. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type Sandbox,
  type StandInCluster,
  startSandbox,
  startStandInCloudflare,
  startStandInCluster,
} from "../../src/sandbox/index.ts";
import { email, projectNumber } from "../gcp/google-world.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustChild } from "../support/cli.ts";
import { type CompanyProxy, startCompanyProxy } from "../support/company-proxy.ts";
import { type GoogleModel, startGoogleModel } from "../support/google-model.ts";
import { discoveryOf, type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { account, ecKey } from "../support/sandbox.ts";
import { configText } from "../support/stack-world.ts";

const host = "oidc.example.org";

const config = `${configText(`https://${host}`)}
cluster: {kubeconfig: kubeconfig}
dns: {cloudflare: {}, addresses: ["203.0.113.7"]}
gcp:
  - project: shop-project
    projectNumber: "${projectNumber}"
    serviceAccounts:
      - {email: ${email}, serviceAccounts: [shop/web]}
`;

/** Writes each place that a process connects to on standard error. */
const watching = `data:text/javascript,${encodeURIComponent(
  'import { Socket } from "node:net"; import { writeSync } from "node:fs"; const { connect } = Socket.prototype;' +
    "Socket.prototype.connect = function (...given) { const [to] = [given[0]].flat();" +
    "writeSync(2, `connects to ${to.path ?? `${to.host}:${to.port}`}\n`); return connect.apply(this, given); };",
)}`;

const placesIn = (said: string): readonly string[] => [
  ...new Set([...said.matchAll(/^connects to (.+)$/gmu)].map(([, place = ""]) => place)),
];

describe("a company's network", () => {
  let folder = "";
  let sandbox: Sandbox;
  let cluster: StandInCluster;
  let google: GoogleModel;
  let issuer: IssuerServer;
  let cloudflare: Awaited<ReturnType<typeof startStandInCloudflare>>;
  let proxy: CompanyProxy;
  let env: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-company-"));
    const authority = await testAuthority("A company's own CA");
    issuer = await startIssuer(authority, { host });
    issuer.publish([ecKey("first").jwk]);
    sandbox = await startSandbox({
      account,
      ca: authority.root,
      connectTo: issuer.connectTo,
      propagationMs: 0,
    });
    google = await startGoogleModel();
    google.iam.addAccount(email);
    cloudflare = await startStandInCloudflare({ zones: [{ name: "example.org" }], mischief: "off" });
    cluster = await startStandInCluster({ issuer: `https://${host}` });
    proxy = await startCompanyProxy(authority, {
      [host]: issuer.connectTo[0]?.toPort ?? 0,
      "iam.amazonaws.com": sandbox.url,
      "sts.eu-central-1.amazonaws.com": sandbox.url,
      "oauth2.googleapis.com": google.url,
      "iam.googleapis.com": google.url,
      "api.cloudflare.com": cloudflare.url,
    });
    const { token_uri: _own, ...credentials } = google.credentials() as Record<string, unknown>;
    await writeFile(join(folder, "root.pem"), authority.root);
    await writeFile(join(folder, "google.json"), JSON.stringify(credentials), { mode: 0o600 });
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig(), { mode: 0o600 });
    await writeFile(join(folder, "podtrust.yaml"), config);
    await writeFile(join(folder, "none"), "");
    const { accessKeyId, secretAccessKey } = sandbox.admin;
    env = {
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: join(folder, "root.pem"),
      NODE_OPTIONS: `--import=${watching}`,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_CONFIG_FILE: join(folder, "none"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"),
      AWS_EC2_METADATA_DISABLED: "true",
      GOOGLE_APPLICATION_CREDENTIALS: join(folder, "google.json"),
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
    };
  });

  after(async () => {
    await Promise.all([proxy.close(), cluster.close(), cloudflare.close(), google.close()]);
    await sandbox.close();
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  const podtrust = (
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<CliResult> => podtrustChild(args, { cwd: folder, env: { ...env, ...more } });

  test("up and status reach every cloud, DNS and the issuer through HTTPS_PROXY, and nothing else is connected to", async () => {
    const up = await podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.out + up.err);
    const status = await podtrust(["status"]);
    const own = [proxy.url, cluster.url].map((url) => new URL(url).host);
    const places = placesIn(up.err + status.err);
    assert.deepEqual(places.toSorted(), own.toSorted());
    assert.deepEqual([...new Set(proxy.asked)].toSorted(), [
      "api.cloudflare.com:443",
      "iam.amazonaws.com:443",
      "iam.googleapis.com:443",
      "oauth2.googleapis.com:443",
      `${host}:443`,
      "sts.eu-central-1.amazonaws.com:443",
    ]);
  });

  test("credentials that AWS's SDK asks STS for are asked for through it too", async () => {
    proxy.asked.splice(0);
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = env;
    await writeFile(join(folder, "token"), "not.a.token");
    const { err } = await podtrustChild(["plan", "--only", "aws"], {
      cwd: folder,
      env: {
        ...rest,
        AWS_ROLE_ARN: `arn:aws:iam::${account}:role/platform`,
        AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
      },
    });
    assert.ok(proxy.asked.includes("sts.eu-central-1.amazonaws.com:443"), proxy.asked.join(" "));
    assert.match(err, /InvalidIdentityToken/u);
    assert.deepEqual(placesIn(err), [new URL(proxy.url).host]);
  });

  test("a host that the proxy does not let through is named with the proxy's answer and what to do", async () => {
    const { out, err } = await podtrust(["doctor", "https://other.example.org"]);
    assert.match(out + err, /refuses other\.example\.org:443: 403 Not on the list/u);
    assert.match(out, /next: Have the host let through, name it in NO_PROXY/u);
    assert.doesNotMatch(out, /The chain breaks/u);
  });

  test("another host that an answer names is not asked for through it, but with --private", async () => {
    issuer.pages.set("/.well-known/openid-configuration", {
      body: discoveryOf(issuer.issuer, "https://inner.example.org/jwks"),
    });
    proxy.asked.splice(0);
    await podtrust(["doctor", issuer.issuer]);
    assert.deepEqual(new Set(proxy.asked), new Set([`${host}:443`]));
    await podtrust(["doctor", issuer.issuer, "--private"]);
    assert.ok(proxy.asked.includes("inner.example.org:443"));
    issuer.publish([ecKey("first").jwk]);
  });

  test("a host of NO_PROXY is connected to directly", async () => {
    proxy.asked.splice(0);
    const { err } = await podtrust(["doctor", `https://${host}`], { NO_PROXY: ".example.org" });
    assert.deepEqual(proxy.asked, []);
    assert.ok(placesIn(err).includes(`${host}:443`), err);
  });

  test("an HTTPS_PROXY that is none is refused, and its password is not shown", async () => {
    const { code, out, err } = await podtrust(["plan"], { HTTPS_PROXY: "socks5://me:hunter2@proxy:1080" });
    assert.equal(code, 1);
    assert.match(err, /HTTPS_PROXY is not the address of a proxy/u);
    assert.doesNotMatch(out + err, /hunter2/u);
  });

  test("a proxy's login is sent to the proxy alone", async () => {
    const asking = await startCompanyProxy(
      await testAuthority(),
      { [host]: issuer.connectTo[0]?.toPort ?? 0 },
      "me:p@ss",
    );
    try {
      const url = asking.url.replace("//", "//me:p%40ss@");
      const { out, err } = await podtrust(["doctor", `https://${host}`], { HTTPS_PROXY: url });
      assert.ok(asking.logins.length > 0, err);
      assert.ok(asking.logins.every((one) => one === `Basic ${btoa("me:p@ss")}`));
      assert.doesNotMatch(out + err, /p@ss|p%40ss/u);
      assert.ok(issuer.requests.length > 0);
      const without = await podtrust(["doctor", `https://${host}`], { HTTPS_PROXY: asking.url });
      assert.match(without.out + without.err, /407 .*asks for a login/u);
    } finally {
      await asking.close();
    }
  });
});
