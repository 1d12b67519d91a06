/** What `plan`, `up` and `down` make at Azure of a config: identities, and federated credentials of identities and applications. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test, type TestContext } from "node:test";
import { startSandbox, startStandInCluster } from "../../src/sandbox/index.ts";
import { startAzureRelay } from "../support/azure-relay.ts";
import {
  audience,
  type AzureStackWorld,
  azureStackWorld,
  issuer,
  type Standing,
  subjectOf,
} from "./stack-world.ts";

const web = "- {name: web, serviceAccounts: [shop/web]}\n";
const isWrite = (call: string): boolean => !call.startsWith("GET ");
const ownName = /^podtrust-prod_[0-9a-f]{8}-[0-9a-f]{16}$/u;
const theirs = { name: "by-hand", issuer, subject: subjectOf("shop/web") };

describe("a config with a section azure", () => {
  let world: AzureStackWorld;
  before(async () => {
    world = await azureStackWorld();
  });
  beforeEach(async () => {
    await world.reset();
    await world.config(web);
  });
  after(() => world.close());

  async function refused(args: readonly string[], code: string): Promise<string> {
    const found = await world.podtrust(args);
    assert.equal(found.code, 1, found.out + found.err);
    assert.match(found.err, new RegExp(`^code: {2}${code}$`, "mu"));
    return found.err;
  }

  test("is made as planned, with the stack's tags in the call that makes it, and once; down leaves nothing", async () => {
    assert.deepEqual(await world.planned(), ["create identity/web", "create credentials/web"]);
    assert.deepEqual(world.relay.calls.filter(isWrite), [], "plan writes nothing");
    const out = await world.must(["up", "--yes"]);
    assert.match(
      out,
      /^Azure tenant 11111111-\S+, subscription 66666666-\S+, resource group podtrust at http:\S+, as application \S+$/mu,
    );
    assert.match(
      out,
      /^ {6}shop\/web {2,}"?podtrust-prod_[0-9a-f]{8}-[0-9a-f]{16} for api:\/\/AzureADTokenExchange"?$/mu,
    );
    assert.match(out, /^note: Entra takes tokens by a new federated credential after some minutes/mu);
    const [identity] = await world.identities();
    assert.deepEqual(identity?.tags, {
      "podtrust-stack": "prod",
      "podtrust-identity": "3f2a91bc",
      "podtrust-format": "1",
    });
    const [credential] = await world.credentials("web");
    assert.match(credential?.name ?? "", ownName);
    assert.deepEqual(
      [credential?.issuer, credential?.subject, credential?.audiences],
      [issuer, subjectOf("shop/web"), [audience]],
    );
    assert.deepEqual(world.relay.calls.filter(isWrite), [
      "PUT identities/web",
      `PUT identities/web/credentials/${credential?.name}`,
    ]);
    world.relay.calls.splice(0);
    assert.match(await world.must(["up"]), /Nothing to do, 2 unchanged\./u);
    await world.must(["plan", "--check"]);
    assert.deepEqual(world.relay.calls.filter(isWrite), [], "the second run writes nothing");
    const { err } = await world.podtrust(["down", "--yes"]);
    assert.match(err, /its role assignments stay behind without it/u);
    assert.deepEqual(await world.standing(), []);
    await world.must(["down"]);
  });

  test("in a region of its own is made there, else where the resource group is", async () => {
    const located = async (): Promise<unknown> =>
      (await world.ask("GET", world.arm("/web"))).body["location"];
    await world.must(["up", "--yes"]);
    assert.equal(await located(), "westeurope");
    await world.must(["down", "--yes"]);
    await world.config(web, "    location: northeurope\n");
    await world.must(["up", "--yes"]);
    assert.equal(await located(), "northeurope");
    await world.config(web);
    assert.deepEqual(await world.planned(), [], "what stands elsewhere stays there");
  });

  test("takes the right from who is no longer in it: a ServiceAccount, an identity, an identity of somebody else's", async () => {
    await world.azure.seed({ identities: [{ name: "theirs", tags: { team: "shop" } }] });
    await world.config(
      `- {name: web, serviceAccounts: [shop/web, shop/gone]}
- {name: old, serviceAccounts: [shop/web]}
- {name: theirs, serviceAccounts: [shop/web]}
`,
    );
    await world.must(["up", "--yes"]);
    assert.equal((await world.standing()).length, 7);
    await world.config(web);
    assert.deepEqual((await world.planned()).toSorted(), [
      "delete credentials/old",
      "delete credentials/theirs",
      "delete identity/old",
      "update credentials/web",
    ]);
    await world.must(["up", "--yes"]);
    assert.deepEqual(await world.standing(), ["theirs", "web", "web shop/web"]);
  });

  test("takes the right, and leaves the identity, where something else of the run fails", async () => {
    await world.config(`${web}- {name: old, serviceAccounts: [shop/web]}\n`);
    await world.must(["up", "--yes"]);
    await world.config(`${web}- {name: more, serviceAccounts: [shop/web]}\n`);
    world.relay.onCall = (call) => (call === "PUT identities/more" ? "denied" : "answered");
    const failed = await world.podtrust(["up", "--yes"]);
    world.relay.onCall = () => "answered";
    assert.equal(failed.code, 1);
    assert.match(
      failed.err,
      /identity\/old, waits for the next run, since \S+identity\/more was not done$/mu,
    );
    assert.deepEqual(await world.standing(), ["old", "web", "web shop/web"]);
    await world.must(["up", "--yes"]);
    assert.deepEqual(await world.standing(), ["more", "more shop/web", "web", "web shop/web"]);
  });

  test("whose issuer becomes another has its credentials replaced, also where twenty stand", async () => {
    const accounts = Array.from({ length: 20 }, (_, n) => `shop/w${n}`);
    await world.config(`- {name: web, serviceAccounts: [${accounts.join(", ")}]}\n`);
    await world.must(["up", "--yes"]);
    const [first] = await world.credentials("web");
    await world.must(["plan", "--check"]);
    world.relay.calls.splice(0);
    const file = join(world.folder, "podtrust.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(issuer, "https://new.example.com"));
    const { err } = await world.podtrust(["up", "--yes"]);
    assert.match(err, /tokens of https:\/\/oidc\S+ are refused from then on: .*credentials/u);
    await world.must(["up", "--yes", "--allow-replace"]);
    const all = await world.credentials("web");
    assert.deepEqual(new Set(all.map((one) => one.issuer)), new Set(["https://new.example.com"]));
    assert.deepEqual([all.length, all.some(({ name }) => name === first?.name)], [20, false]);
    const [write] = world.relay.calls.filter(isWrite);
    assert.match(write ?? "", /^DELETE /u, "rights are cut before others are given");
  });

  test("waits four seconds between two writes of one identity, and as long as a Retry-After says", async () => {
    await world.config("- {name: web, serviceAccounts: [shop/a, shop/b, shop/c]}\n");
    world.clock.waits.splice(0);
    await world.must(["up", "--yes"]);
    assert.deepEqual(
      world.clock.waits.filter((ms) => ms >= 4000),
      [4000, 4000],
    );
    await world.must(["down", "--yes"]);
    world.clock.waits.splice(0);
    let throttled = 3;
    world.relay.onCall = (call) => (isWrite(call) && (throttled -= 1) >= 0 ? "throttled" : "answered");
    await world.must(["up", "--yes"]);
    assert.deepEqual(
      world.clock.waits.filter((ms) => ms >= 7000),
      [7000, 8000, 15_000],
    );
    await world.must(["down", "--yes"]);
    world.relay.onCall = (call) => (isWrite(call) ? "throttled" : "answered");
    await refused(["up", "--yes"], "azure-throttled");
  });

  for (const [what, tags, who] of [
    ["somebody else's", { team: "shop" }, /belongs to shop \(tag team\): of it only/u],
    [
      "another stack's",
      { "podtrust-stack": "dev", "podtrust-format": "1" },
      /belongs to podtrust stack "dev"/u,
    ],
  ] as const)
    test(`puts its credentials into ${what} identity, changes nothing else of it, and takes away only them`, async () => {
      const [other] = [{ ...theirs, subject: subjectOf("shop/other") }];
      await world.reset({ identities: [{ name: "web", tags, credentials: [other] }] });
      assert.deepEqual(await world.planned(), ["create credentials/web"]);
      assert.match(await world.must(["up", "--yes"]), who);
      assert.deepEqual((await world.identities())[0]?.tags, tags);
      assert.deepEqual(await world.standing(), ["web", "web shop/other", "web shop/web"]);
      await world.must(["plan", "--check"]);
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), ["web", "web shop/other"]);
      assert.deepEqual((await world.identities())[0]?.tags, tags);
    });

  test("shares an identity with another stack's config at the same time, and each takes away only its own", async () => {
    const slow = await azureStackWorld({ writeMs: 60 });
    try {
      await slow.reset({ identities: [{ name: "web", tags: { team: "shop" } }] });
      await slow.config("- {name: web, serviceAccounts: [shop/a, shop/b]}\n");
      const dev = join(slow.folder, "dev.yaml");
      const text = await readFile(join(slow.folder, "podtrust.yaml"), "utf8");
      await writeFile(
        dev,
        text.replace("stack: prod", "stack: dev").replace(issuer, "https://dev.example.com"),
      );
      await Promise.all([slow.must(["up", "--yes"]), slow.must(["up", "--yes", "-f", dev])]);
      assert.equal((await slow.credentials("web")).length, 4);
      await slow.must(["plan", "--check"]);
      await slow.must(["down", "--yes", "-f", dev]);
      assert.deepEqual(
        (await slow.credentials("web")).map((one) => one.issuer),
        [issuer, issuer],
      );
      await slow.must(["plan", "--check"]);
    } finally {
      await slow.close();
    }
  });

  test("is refused where a newer podtrust has tagged the identity", async () => {
    const tags = { "podtrust-stack": "prod", "podtrust-format": "9" };
    await world.reset({ identities: [{ name: "web", tags }] });
    await refused(["up", "--yes"], "plan-name-taken");
    assert.deepEqual(await world.standing(), ["web"]);
  });

  test("names a credential of another name for the same ServiceAccount, makes no second one, and leaves it", async () => {
    await world.reset({ identities: [{ name: "web", credentials: [theirs] }] });
    const said = await world.must(["up", "--yes"]);
    assert.match(
      said,
      /warning: shop\/web is let in by the federated credential by-hand of identity web, which is not podtrust's/u,
    );
    await world.must(["down", "--yes"]);
    assert.deepEqual(
      (await world.credentials("web")).map(({ name }) => name),
      ["by-hand"],
    );
  });

  test("is refused where that credential is for another audience, since Azure takes no second one", async () => {
    await world.reset({ identities: [{ name: "web", credentials: [{ ...theirs, audience: "other" }] }] });
    const err = await refused(["up", "--yes"], "azure-credential-taken");
    assert.match(
      err,
      /by-hand of identity web, which is for other and not for api:\/\/AzureADTokenExchange/u,
    );
    assert.equal(world.relay.calls.filter(isWrite).length, 0);
  });

  test("is refused before Azure is asked to write where it would have more than twenty with those of others", async () => {
    const others = Array.from({ length: 19 }, (_, n) => ({
      ...theirs,
      name: `other-${n}`,
      subject: `s${n}`,
    }));
    await world.reset({ identities: [{ name: "web", credentials: others }] });
    await world.config("- {name: web, serviceAccounts: [shop/a, shop/b]}\n");
    assert.match(await refused(["up", "--yes"], "azure-limit"), /would have 21 federated credentials/u);
    assert.equal(world.relay.calls.filter(isWrite).length, 0);
  });

  test("puts back two of its credentials whose subjects somebody has exchanged, though Azure takes each pair once", async () => {
    await world.config("- {name: web, serviceAccounts: [shop/a, shop/b]}\n");
    await world.must(["up", "--yes"]);
    const made = await world.credentials("web");
    const [first, second] = made;
    const path = (one: Standing | undefined): string =>
      world.arm(`/web/federatedIdentityCredentials/${one?.name}`);
    const write = (at: Standing | undefined, subject = ""): Promise<unknown> =>
      world.ask("PUT", path(at), { properties: { issuer, subject, audiences: [audience] } });
    await world.ask("DELETE", path(first));
    await write(second, first?.subject);
    await write(first, second?.subject);
    await world.must(["up", "--yes"]);
    await world.must(["plan", "--check"]);
    const byName = (a: Standing, b: Standing): number => (a.name < b.name ? -1 : 1);
    assert.deepEqual((await world.credentials("web")).toSorted(byName), made.toSorted(byName));
  });

  test("keeps an identity whose credentials others use, until somebody says that it may go", async () => {
    await world.must(["up", "--yes"]);
    const path = world.arm("/web/federatedIdentityCredentials/by-hand");
    const properties = { issuer, subject: "s", audiences: [audience] };
    assert.equal((await world.ask("PUT", path, { properties })).status, 201);
    assert.match(await refused(["down", "--yes"], "azure-identity-in-use"), /go with it: by-hand/u);
    assert.equal((await world.standing()).length, 3);
    await world.must(["down", "--yes", "--allow-in-use"]);
    assert.deepEqual(await world.standing(), []);
  });

  test("is refused where Azure verifies none of the cluster's keys, with what to do", async (t) => {
    const cluster = await startStandInCluster({ issuer, algorithm: "ES256" });
    t.after(() => cluster.close());
    await writeFile(join(world.folder, "kubeconfig"), cluster.kubeconfig());
    await world.config(web, "", "cluster: {kubeconfig: kubeconfig}\n");
    const err = await refused(["plan"], "keys-not-verified");
    assert.match(
      err,
      /Azure would refuse every token: Azure verifies RS256, RS384, RS512, and every key is for ES256/u,
    );
    assert.match(
      err,
      /^next: {2}Have the API servers sign with a key for RS256 .*rotate prepare .*--algorithm RS256/mu,
    );
    assert.equal(world.relay.calls.filter(isWrite).length, 0);
  });

  test("is refused where the identity has another client id than the config says", async () => {
    await world.reset({ identities: [{ name: "web" }] });
    await world.config(
      "- {name: web, clientId: 99999999-8888-7777-6666-555555555555, serviceAccounts: [shop/web]}\n",
    );
    await refused(["plan"], "azure-client-id-other");
  });

  test("in a resource group or a subscription that is not there is told so", async () => {
    const file = join(world.folder, "podtrust.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("resourceGroup: podtrust", "resourceGroup: nowhere"));
    await refused(["plan"], "azure-group-absent");
    await writeFile(file, text.replace(world.azure.subscription, "00000000-0000-0000-0000-000000000000"));
    await refused(["plan"], "azure-group-absent");
  });

  test("without the rights says which, and changes nothing", async (t) => {
    const stranger = await strangersToken(t, world);
    const { code, err } = await world.podtrust(["plan"], { env: stranger });
    assert.equal(code, 1);
    assert.match(err, /does not have authorization to perform action 'Microsoft\.ManagedIdentity\//u);
    assert.match(err, /^code: {2}azure-denied$/mu);
  });
});

/** The variables of a shell whose federated token is good for a token, and for nothing at Resource Manager. */
async function strangersToken(
  t: TestContext,
  world: AzureStackWorld,
): Promise<Readonly<Record<string, string>>> {
  const sandbox = await startSandbox({ azure: { propagationMs: 0, newIssuerMs: 0 } });
  t.after(() => sandbox.close());
  const { front, azure } = sandbox;
  if (front === undefined || azure === undefined)
    throw new TypeError("the sandbox was started without Azure");
  const relay = await startAzureRelay(front, {
    login: "login.microsoftonline.com",
    management: "management.azure.com",
    graph: "graph.microsoft.com",
  });
  t.after(() => relay.close());
  const made = await sandbox.issuer();
  const subject = subjectOf("ops/deployer");
  await azure.seed({
    identities: [{ name: "deployer", credentials: [{ name: "one", issuer: made.url, subject }] }],
  });
  const tokenFile = join(world.folder, "token");
  await writeFile(tokenFile, made.token({ namespace: "ops", name: "deployer", audiences: [audience] }));
  return {
    ...relay.environment,
    AZURE_CLIENT_ID: azure.clients()[0]?.clientId ?? "",
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
  };
}

for (const [cloud, desired] of [
  ["usgov", "api://AzureADTokenExchangeUSGov"],
  ["china", "api://AzureADTokenExchangeChina"],
] as const)
  test(`a config in Azure's cloud ${cloud} asks that cloud's hosts, and its credentials are for its audience`, async (t) => {
    const world = await azureStackWorld({ cloud });
    t.after(() => world.close());
    await world.config(web);
    await world.must(["up", "--yes"]);
    const [credential] = await world.credentials("web");
    assert.deepEqual(credential?.audiences, [desired]);
    await world.must(["plan", "--check"]);
  });
