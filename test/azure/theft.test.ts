/** After the theft of a signing key Azure lets no token in: credentials are closed where they stand, and a person opens them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { defined, systemClock } from "../../src/core/base/index.ts";
import { loadConfig } from "../../src/config/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { type AccessEnding, closeParties, reopenParties } from "../../src/stack/index.ts";
import { sectionReaders } from "../../src/stack/parts/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { audience, type AzureStackWorld, azureStackWorld, subjectOf } from "./stack-world.ts";

const cluster = "cluster: {kubeconfig: kubeconfig}\n";
const { signal } = new AbortController();

describe("Azure after the theft of a key", () => {
  let world: AzureStackWorld;
  let issuer: IssuerServer;
  let standIn: Awaited<ReturnType<typeof startStandInCluster>>;

  before(async () => {
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    const { connectTo } = issuer;
    const resourceGroups = ["podtrust", "elsewhere"];
    world = await azureStackWorld({
      issuer: issuer.issuer,
      connectTo,
      ca: authority.root,
      resourceGroups,
    });
    standIn = await startStandInCluster({ issuer: issuer.issuer, algorithm: "RS256" });
    const kubeconfig = join(world.folder, "kubeconfig");
    await writeFile(kubeconfig, standIn.kubeconfig());
    await writeFile(join(world.folder, "root.pem"), authority.root);
    const { jwks } = await (await openKubernetes({ kubeconfig })).oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  });
  after(async () => {
    await standIn?.close();
    await world?.close();
    await issuer?.close();
  });

  const byHand = () => ({ name: "by-hand", issuer: issuer.issuer, subject: subjectOf("shop/batch") });
  const ofOthers = { name: "of-others", issuer: "https://oidc.example.net", subject: subjectOf("shop/web") };
  const configured = (web = "[shop/web]"): Promise<void> =>
    world.config(
      `- {name: web, serviceAccounts: ${web}}\n- {application: ${world.clientId("site")}, serviceAccounts: [shop/site]}\n`,
      "",
      cluster,
    );
  beforeEach(async () => {
    await world.reset({
      applications: [{ name: "site", credentials: [byHand(), ofOthers] }],
      identities: [
        {
          name: "operator",
          resourceGroup: "podtrust",
          credentials: [
            {
              name: "own",
              issuer: issuer.issuer,
              subject: subjectOf("podtrust/podtrust-operator"),
            },
          ],
        },
        {
          name: "batch",
          resourceGroup: "elsewhere",
          credentials: [{ name: "theirs", issuer: issuer.issuer, subject: subjectOf("shop/night") }],
        },
      ],
    });
    await configured();
    await up();
  });

  const route = (): readonly string[] => {
    const [rule] = issuer.connectTo;
    return ["--connect-to", `${rule?.host}:443:127.0.0.1:${rule?.toPort}`, "--ca", "root.pem"];
  };
  const up = (): Promise<string> => world.must(["up", "--yes", ...route()]);
  const context = async (env = world.env) => ({
    config: await loadConfig(join(world.folder, "podtrust.yaml"), { HOME: world.folder }),
    env,
    clock: world.clock,
  });
  const texts = (endings: readonly AccessEnding[]): readonly string[] =>
    endings.map(({ outcome, text }) => `${outcome}: ${text}`);
  const closed = async () => texts(await closeParties(await context(), signal));
  const reopened = async (only?: readonly string[]) =>
    texts(await reopenParties(await context(), { withdrawn: ["stolen"], ...defined({ only }) }, signal));

  /** Whether a token that the thief has signed gets an access token. */
  async function letsIn(account: string, name: string): Promise<boolean> {
    const [group] = await sectionReaders.azure(await context());
    const [namespace = "", of = ""] = account.split("/");
    const jwt = standIn.createToken({ namespace, name: of, audiences: [audience] });
    const answer = await group?.exchange(world.clientId(name), jwt, signal);
    return answer?.outcome === "accepted";
  }
  /** shop/web as the identity web, shop/site as the application, and shop/batch by another's credential. */
  const all = async (): Promise<readonly boolean[]> =>
    Promise.all([letsIn("shop/web", "web"), letsIn("shop/site", "site"), letsIn("shop/batch", "site")]);
  const standing = async () =>
    Promise.all(["web", "operator", world.clientId("site")].map((one) => world.credentials(one)));

  test("takes no token, whoever's the credential is, whatever up does, until a person opens it", async () => {
    const stood = await standing();
    assert.deepEqual(await all(), [true, true, true]);
    const [own = "", ...others] = await closed();
    assert.match(
      own,
      /^done: identity operator in resource group podtrust of Azure tenant \S+: its federated credentials, 1 of them, let no token in until a person opens them\. Open stay the access tokens that it was given, until \S+Z$/u,
    );
    assert.equal(others.length, 3);
    assert.match(others.at(-1) ?? "", /^done: identity batch in resource group elsewhere of Azure tenant/u);
    assert.deepEqual([...(await all()), await letsIn("shop/night", "batch")], [false, false, false, false]);
    assert.match(await up(), /federated credentials of identity web, 1 of them, are closed after the theft/u);
    assert.deepEqual(await all(), [false, false, false]);
    await world.must(["plan", "--check", ...route()]);
    assert.equal((await reopened()).length, 4);
    assert.deepEqual([...(await all()), await letsIn("shop/night", "batch")], [true, true, true, true]);
    assert.deepEqual(await standing(), stood, "names, subjects, audiences and descriptions are as they were");
    assert.deepEqual(await reopened(), []);
  });

  test("leaves what trusts another issuer as it is", async () => {
    await closed();
    const { issuer: stays } =
      (await world.credentials(world.clientId("site"))).find(({ name }) => name === "of-others") ??
      assert.fail();
    assert.equal(stays, ofOthers.issuer);
  });

  test("keeps closed what comes to a closed identity, and opens it with the rest", async () => {
    await closed();
    await configured("[shop/web, shop/new]");
    await up();
    assert.deepEqual([await letsIn("shop/new", "web"), await letsIn("shop/web", "web")], [false, false]);
    await reopened();
    assert.deepEqual([await letsIn("shop/new", "web"), await letsIn("shop/web", "web")], [true, true]);
    await world.must(["plan", "--check", ...route()]);
  });

  test("makes no second credential of our own beside another's that is closed", async () => {
    await closed();
    await world.config(
      `- {application: ${world.clientId("site")}, serviceAccounts: [shop/site, shop/batch]}\n`,
      "",
      cluster,
    );
    await up();
    assert.deepEqual(await letsIn("shop/batch", "site"), false);
    assert.equal((await world.credentials(world.clientId("site"))).length, 3);
  });

  test("is opened by name, and all else stays closed", async () => {
    await closed();
    assert.equal((await reopened(["web"])).length, 1);
    assert.deepEqual(await all(), [true, false, false]);
  });

  test("is closed in a second run where a first one ended between two writes", async () => {
    let writes = 0;
    world.relay.onCall = (line) => {
      if (!line.startsWith("GET")) writes += 1;
      return writes > 1 ? "reset" : "answered";
    };
    const first = await closed();
    assert.match(first.join("\n"), /^open: .* is as it was, or some of it: /mu);
    assert.ok((await all()).includes(true));
    world.relay.onCall = () => "answered";
    await closed();
    assert.deepEqual(await all(), [false, false, false]);
    await reopened();
    assert.deepEqual(await all(), [true, true, true]);
  });

  test("is said to be open where it cannot be asked", async () => {
    const env = { ...world.env, AZURE_CLIENT_SECRET_FILE: join(world.folder, "none") };
    const [text = "", other = "", ...more] = texts(await closeParties(await context(env), signal));
    assert.deepEqual(more, []);
    assert.match(text, /^open: resource group podtrust of Azure tenant \S+ is as it was: /u);
    assert.match(other, /^open: what else of subscription \S+ trusts the issuer is as it was: /u);
    assert.deepEqual(await all(), [true, true, true]);
  });

  test("is named as such by status", async () => {
    await closed();
    const typed = ["status", "--only", "trust", ...route()];
    const { out } = await world.podtrust(typed, { env: world.env, clock: systemClock });
    assert.match(out, /credentials of identity web, 1 of them, are closed after a theft/u);
    assert.match(out, /podtrust rotate stolen .*KID --reopen/u);
  });
});
