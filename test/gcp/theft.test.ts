/** After the theft of a signing key Google lets no token in: what is closed, what stays open and for how long, and who opens it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, before, describe, test } from "node:test";
import { defined, type JsonRecord, mapped, recordOf } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import { loadConfig } from "../../src/config/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type StandInGoogle, startStandInGoogle } from "../../src/sandbox/gcp.ts";
import { closeParties, noteWithdrawal, reopenParties } from "../../src/stack/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const email = "shop-web@podtrust-sandbox.iam.gserviceaccount.com";
const pools = "projects/123456789012/locations/global/workloadIdentityPools";
const provider = `${pools}/prod/providers/prod`;
const [minute, hour] = [60_000, 3_600_000];
const { signal } = new AbortController();

const configOf = (keys: "fetch" | "upload"): string => `
stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
gcp:
  - project: podtrust-sandbox
    projectNumber: "123456789012"
    keys: ${keys}
    serviceAccounts: [{email: ${email}, serviceAccounts: [shop/web]}]
`;

describe("Google after the theft of a key", () => {
  let folder = "";
  let google: StandInGoogle;
  let cluster: StandInCluster;
  let clock: SwiftClock;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-theft-"));
    google = await startStandInGoogle({ delays: { grant: 0, revoke: 0, upload: 0 } });
    await writeFile(join(folder, "admin.json"), JSON.stringify(google.adminFile));
  });
  after(async () => {
    await cluster.close();
    await google.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    await cluster?.close();
    google.reset();
    google.seed({ serviceAccounts: [{ id: "shop-web" }] });
    cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
    cluster.addServiceAccount("shop", "web");
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
    clock = new SwiftClock();
    await writeFile(join(folder, "podtrust.yaml"), configOf("upload"));
    await must("up", "--yes");
  });

  const env = () => ({
    HOME: folder,
    GOOGLE_APPLICATION_CREDENTIALS: join(folder, "admin.json"),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
  });
  const podtrust = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, clock, env: env() });
  async function must(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await podtrust(...args);
    assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
    return out + err;
  }

  const context = async () => ({
    config: await loadConfig(join(folder, "podtrust.yaml"), { HOME: folder }),
    env: env(),
    clock,
  });
  const texts = (endings: readonly { readonly outcome: string; readonly text: string }[]) =>
    endings.map(({ outcome, text }) => `${outcome}: ${text}`);
  const closed = async () => texts(await closeParties(await context(), signal));
  const noted = async () => texts(await noteWithdrawal(await context(), signal));
  const reopened = async (withdrawn = ["stolen"], only?: readonly string[]) =>
    texts(await reopenParties(await context(), { withdrawn, ...defined({ only }) }, signal));

  /** Asks the stand-in, as its administrator or by another token; gives status and answer. */
  async function ask(
    method: string,
    path: string,
    body?: object,
    token = google.adminToken,
  ): Promise<{ readonly status: number; readonly answer: JsonRecord }> {
    const { status, body: bytes } = await request(`${google.url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...defined({ body: mapped(body, JSON.stringify) }),
      allowPlainHttp: true,
    });
    return { status, answer: recordOf(JSON.parse(bytes.toString("utf8"))) };
  }
  const read = async (path: string): Promise<JsonRecord> => (await ask("GET", path)).answer;

  /** What the thief gets for a token that he has signed; undefined where it is refused. */
  async function exchanged(): Promise<string | undefined> {
    const subjectToken = cluster.createToken({
      namespace: "shop",
      name: "web",
      audiences: [`https://iam.googleapis.com/${provider}`],
    });
    const { answer } = await ask("POST", "token", {
      grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `//iam.googleapis.com/${provider}`,
      requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
      subjectToken,
      scope: "https://www.googleapis.com/auth/cloud-platform",
    });
    return typeof answer["access_token"] === "string" ? answer["access_token"] : undefined;
  }
  /** Whether a federated token still makes one of the service account. */
  const impersonates = async (token: string): Promise<boolean> =>
    (
      await ask(
        "POST",
        `projects/-/serviceAccounts/${email}:generateAccessToken`,
        { scope: ["https://www.googleapis.com/auth/cloud-platform"] },
        token,
      )
    ).status === 200;

  test("exchanges no token and takes none that its pool gave before, whatever up does, until a person opens it", async () => {
    const given = (await exchanged()) ?? assert.fail();
    assert.ok(await impersonates(given));
    const description = String((await read(`${pools}/prod`))["description"]);
    const [text = "", ...more] = await closed();
    assert.deepEqual(more, []);
    assert.match(
      text,
      /^done: the pool prod of Google project podtrust-sandbox \(123456789012\) is disabled until a person opens it: no token is exchanged, and what it gave counts no more\. Open stay tokens of service accounts .* until \S+Z, or \S+Z where an organisation/u,
    );
    assert.deepEqual([await exchanged(), await impersonates(given)], [undefined, false]);
    assert.match(await must("up", "--yes"), /the pool prod is closed after the theft of a key, since 20/u);
    assert.equal(await exchanged(), undefined);
    await clock.sleep(2 * hour);
    assert.deepEqual(await reopened(), [
      "done: the pool prod of Google project podtrust-sandbox (123456789012) is open again",
    ]);
    assert.ok(await exchanged());
    const { description: now, disabled } = await read(`${pools}/prod`);
    assert.deepEqual([now, disabled], [description, undefined]);
    assert.match(await must("plan"), /Nothing to do/u);
  });

  test("is opened by the command too, which fails while something has to stay closed", async () => {
    await closed();
    const open = ["rotate", "stolen", "stolen", "--yes", "--reopen"];
    const early = await podtrust(...open);
    assert.equal(early.code, 1);
    assert.match(
      early.out,
      /^open: the pool prod of .* stays closed: what it gave before would count again/mu,
    );
    await clock.sleep(2 * hour);
    assert.match(await must(...open, "prod"), /^the pool prod of .* is open again\.$/mu);
    assert.ok(await exchanged());
  });

  test("stays closed while what the pool gave before would count again", async () => {
    const given = (await exchanged()) ?? assert.fail();
    await closed();
    await clock.sleep(59 * minute);
    const [text = ""] = await reopened();
    assert.match(
      text,
      /^open: the pool prod of .* stays closed: what it gave before would count again until/u,
    );
    assert.ok(!(await impersonates(given)));
  });

  test("stays closed while the stolen key is among the uploaded ones", async () => {
    await closed();
    await clock.sleep(2 * hour);
    const [stolen = ""] = cluster.keys.list().map(({ kid }) => kid);
    const [text = ""] = await reopened([stolen]);
    assert.match(
      text,
      /^open: .* stays closed: its provider prod has \S+ by upload: podtrust publish keys$/u,
    );
    assert.ok(text.includes(stolen));
    assert.equal(await exchanged(), undefined);
    const { kid } = await cluster.keys.create();
    cluster.keys.promote(kid);
    cluster.keys.drop(stolen);
    await must("up", "--yes");
    assert.match((await reopened([stolen])).join(), /^done: .* is open again$/u);
  });

  test("stays closed for a day where it fetches, counted from the withdrawal, or until keys are uploaded", async () => {
    await writeFile(join(folder, "podtrust.yaml"), configOf("fetch"));
    await must("up", "--yes");
    await closed();
    await clock.sleep(5 * hour);
    assert.match((await noted()).join(), /^done: the pool prod of .* has noted when the key was withdrawn$/u);
    await clock.sleep(23 * hour);
    const [text = ""] = await reopened();
    assert.match(text, /^open: .* fetches its keys, and Google may have the stolen one until/u);
    assert.deepEqual(await noted(), await noted(), "the first time counts");
    await clock.sleep(hour + minute);
    assert.match((await reopened()).join(), /is open again$/u);
  });

  test("counts that day from the opening where nobody noted the withdrawal, and is opened at once by an upload", async () => {
    await writeFile(join(folder, "podtrust.yaml"), configOf("fetch"));
    await must("up", "--yes");
    await closed();
    await clock.sleep(40 * hour);
    assert.match((await reopened()).join(), /^open: .* may have the stolen one until/u);
    await writeFile(join(folder, "podtrust.yaml"), configOf("upload"));
    await must("up", "--yes");
    assert.match((await reopened()).join(), /is open again$/u);
  });

  test("in a pool of another's lets no token into the provider, and the principals into no service account", async () => {
    await ask("PATCH", `${pools}/prod?updateMask=description`, { description: "of another team" });
    const given = (await exchanged()) ?? assert.fail();
    const [first = "", second = "", ...more] = await closed();
    assert.deepEqual(more, []);
    assert.match(
      first,
      /^done: the provider prod of the pool prod of .* no token is exchanged\. Open stay what it gave before, until/u,
    );
    assert.equal(second, `done: shop/web becomes no more ${email}`);
    assert.equal((await read(`${pools}/prod`))["disabled"], undefined);
    assert.deepEqual([await exchanged(), await impersonates(given)], [undefined, false]);
    assert.deepEqual(await closed(), await closed(), "twice is once");
    assert.match((await reopened()).join("\n"), /is open again\ndone: shop\/web may become/u);
    assert.ok(await impersonates((await exchanged()) ?? assert.fail()));
  });

  test("closes what else of the project trusts the issuer, and leaves alone what trusts another", async () => {
    for (const [id, issuerUri] of [
      ["theirs", "https://oidc.example.com"],
      ["others", "https://oidc.example.net"],
    ] as const) {
      await ask("POST", `${pools}?workloadIdentityPoolId=${id}`, { description: "by hand" });
      await ask("POST", `${pools}/${id}/providers?workloadIdentityPoolProviderId=cluster`, {
        attributeMapping: { "google.subject": "assertion.sub" },
        oidc: { issuerUri },
      });
    }
    const [, text = "", ...more] = await closed();
    assert.deepEqual(more, []);
    assert.match(text, /^done: the provider cluster of the pool theirs/u);
    const disabled = async (id: string) => (await read(`${pools}/${id}/providers/cluster`))["disabled"];
    assert.deepEqual([await disabled("theirs"), await disabled("others")], [true, undefined]);
    await clock.sleep(25 * hour);
    // Nobody noted when the key was withdrawn there.
    await reopened(["stolen"], ["theirs"]);
    await clock.sleep(25 * hour);
    assert.equal((await reopened(["stolen"], ["theirs"])).length, 1);
    assert.deepEqual([await disabled("theirs"), await exchanged()], [undefined, undefined]);
    assert.equal((await read(`${pools}/theirs/providers/cluster`))["description"], undefined);
  });

  test("is left disabled where somebody else had disabled it", async () => {
    await ask("PATCH", `${pools}/prod?updateMask=disabled`, { disabled: true });
    assert.match((await closed()).join(), /^done: .* was disabled already, by somebody else, and stays so$/u);
    assert.match((await reopened()).join(), /^done: .* without podtrust's mark, and stays so$/u);
    assert.equal((await read(`${pools}/prod`))["disabled"], true);
  });

  test("is said to be open where it cannot be asked, or by credentials that would be refused after it", async () => {
    await writeFile(join(folder, "podtrust.yaml"), configOf("upload"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, "token", { mode: 0o600 });
    const own = google.credentialFile({ pool: "prod", provider: "prod", tokenFile });
    await writeFile(join(folder, "own.json"), JSON.stringify(own));
    const { config } = await context();
    const by = async (file: string): Promise<readonly string[]> => {
      const asked = { config, env: { ...env(), GOOGLE_APPLICATION_CREDENTIALS: join(folder, file) }, clock };
      return texts(await closeParties(asked, signal));
    };
    assert.match((await by("own.json")).join(), /^open: .* are tokens of its provider prod/u);
    assert.match((await by("none.json")).join(), /^open: Google project .* is as it was: /u);
    assert.equal((await read(`${pools}/prod`))["disabled"], undefined);
  });

  test("is named as such by status, in place of a pool that somebody disabled", async () => {
    await closed();
    const { out } = await podtrust("status");
    assert.match(out, /the pool prod is closed after a theft, since 20/u);
    assert.match(out, /rotate stolen KID --reopen/u);
  });
});
