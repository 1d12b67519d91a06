/** A config whose issuer becomes another: whose tokens are refused is said, and nothing is done without a flag. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateOpenIDConnectProviderCommand, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { awsTags } from "../../src/rules/plan/index.ts";
import { account } from "../support/sandbox.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { configText, type StackWorld, stackWorld } from "../support/stack-world.ts";
import { stackOwner } from "../support/stack-owner.ts";

const former = "https://former.example.test";

const keeping = `publisher:
  formerIssuers: [${former}]
  source: {kubeconfig: publisher.kubeconfig}
  https: {acme: {email: ops@example.com}}
`;

/** Names of the OIDC providers of the account, without `https://`. */
async function providers({ iam }: StackWorld): Promise<readonly string[]> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  return OpenIDConnectProviderList.flatMap(({ Arn }) => Arn?.split("/").slice(1).join("/") ?? []).toSorted();
}

describe("an issuer that becomes another", () => {
  test("is refused at AWS by whose tokens would be, keeps both providers where it is listed as former, and goes by --allow-replace", async (t) => {
    const world = await stackWorld(t);
    const { issuer } = world.issuer;
    await world.config(configText(issuer));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    // The stack had another issuer before: its provider carries the stack's tags.
    const host = new URL(issuer).hostname;
    const Tags = Object.entries(awsTags.of(stackOwner())).map(([Key, Value]) => ({ Key, Value }));
    await world.iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: former,
        ClientIDList: ["sts.amazonaws.com"],
        Tags,
        ThumbprintList: ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
      }),
    );
    const plan = await world.json(["up", "--yes"]);
    assert.equal(plan.code, 1);
    assert.deepEqual(
      plan.result.refusals.map(({ code }) => code),
      ["plan-issuer-changes"],
    );
    assert.equal(
      plan.result.refusals[0]?.message,
      `tokens of ${former} are refused from then on: the config's issuer is ${issuer}, and aws/${account}/oidc-provider/former.example.test is for ${former}`,
    );
    assert.deepEqual(await providers(world), ["former.example.test", host]);
    await world.config(configText(issuer, "", keeping));
    const kept = await world.podtrust(["up", "--yes"]);
    assert.equal(kept.code, 0, kept.err);
    assert.deepEqual(await providers(world), ["former.example.test", host]);
    await world.config(configText(issuer));
    assert.equal((await world.podtrust(["up", "--yes", "--allow-replace"])).code, 0);
    assert.deepEqual(await providers(world), [host]);
  });

  test("is refused where records of its name would go, keeps them where it is listed as former, and goes by --allow-replace", async (t) => {
    const world = await dnsCliWorld(t);
    const text = (host: string, more = ""): string =>
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://${host}\ndns: {cloudflare: {}, addresses: ["203.0.113.7"]}\n${more}`;
    const names = (): readonly string[] => [...new Set(world.records().map(({ name }) => name))].toSorted();
    await world.config(text("a.example.com"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    await world.config(text("b.example.com"));
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 1);
    assert.match(err, /tokens of https:\/\/a\.example\.com are refused from then on/u);
    assert.deepEqual(names(), ["a.example.com"]);
    await world.config(text("b.example.com", keeping.replace(former, "https://a.example.com")));
    const kept = await world.podtrust(["up", "--yes"]);
    assert.equal(kept.code, 0, kept.err);
    assert.deepEqual(names(), ["a.example.com", "b.example.com"]);
    await world.config(text("b.example.com"));
    assert.equal((await world.podtrust(["up", "--yes", "--allow-replace"])).code, 0);
    assert.deepEqual(names(), ["b.example.com"]);
  });

  test("is refused on the way down as well, where another config of the same name owns what stands, until that is said", async (t) => {
    const aws = await stackWorld(t);
    await aws.config(configText(aws.issuer.issuer));
    assert.equal((await aws.podtrust(["up", "--yes"])).code, 0);
    await aws.config(configText("https://b.example.test").replace("name: demo", "name: other"));
    for (const args of [
      ["up", "--yes"],
      ["down", "--yes"],
    ]) {
      const { code, err } = await aws.podtrust(args);
      assert.equal(code, 1, args.join(" "));
      assert.ok(err.includes(`tokens of ${aws.issuer.issuer} are refused from then on`), err);
    }
    assert.deepEqual(await providers(aws), [new URL(aws.issuer.issuer).hostname]);
    const dns = await dnsCliWorld(t);
    const text = (host: string): string =>
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://${host}\ndns: {cloudflare: {}, addresses: ["203.0.113.7"]}\n`;
    await dns.config(text("a.example.com"));
    assert.equal((await dns.podtrust(["up", "--yes"])).code, 0);
    const before = dns.records();
    await dns.config(text("b.example.com"));
    const refused = await dns.podtrust(["down", "--yes"]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^next: {2}Another config of the name prod may own it/mu);
    assert.deepEqual(dns.records(), before);
    assert.equal((await dns.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(dns.records(), []);
  });
});
