/** A stack is its name and an identity: another config of the same name owns nothing of it, and a mark without one is taken over once. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetRoleCommand, ListRolesCommand, TagRoleCommand, UntagRoleCommand } from "@aws-sdk/client-iam";
import type { CliResult } from "../support/cli.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { hetznerWorld, machineConfig } from "../support/hetzner-world.ts";
import { identity, otherIdentity, stackMark } from "../support/stack-owner.ts";
import { configText, type Shown, stackWorld } from "../support/stack-world.ts";

/** The same config with the identity of another. */
const another = (text: string): string => text.replace(identity, otherIdentity);
const whose = `another podtrust stack "prod" (identity ${identity}; this config's is ${otherIdentity})`;
const named = { "podtrust-stack": "prod", "podtrust-format": "1" };

/** What a plan would change, each by its kind and id. */
function changesIn({ changes }: Pick<Shown, "changes">): readonly string[] {
  return changes.filter(({ kind }) => kind !== "none").map(({ kind, id }) => `${kind} ${id}`);
}

function refused({ code, err }: CliResult): void {
  assert.equal(code, 1, err);
  assert.ok(err.includes(whose), err);
  assert.match(err, /^next: {2}It is another config's: choose another name for the stack in this one/mu);
}

describe("two configs of one name, each with an identity of its own", () => {
  const text = (host: string): string =>
    `stack: prod\nidentity: ${identity}\nissuer: https://${host}\ndns: {cloudflare: {}, addresses: ["203.0.113.7"]}\n`;

  test("have records in one zone: the second makes its own, and neither up nor down touches the first's", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text("a.example.com"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const first = world.records();
    await world.config(another(text("b.example.com")));
    const planned = (await world.json(["plan"])).result;
    assert.ok(changesIn(planned).length > 0);
    assert.deepEqual(
      changesIn(planned).filter((one) => !one.startsWith("create dns/b.example.com/")),
      [],
    );
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.deepEqual(
      world.records().filter(({ name }) => name === "a.example.com"),
      first,
    );
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(world.records(), first);
    // Even the first's own name.
    await world.config(another(text("a.example.com")));
    refused(await world.podtrust(["up", "--yes"]));
    await world.podtrust(["down", "--confirm", "prod"]);
    assert.deepEqual(world.records(), first);
  });

  test("have random names below one zone: each remembers its own", async (t) => {
    const world = await dnsCliWorld(t);
    const random = text("x").replace("https://x", "{zone: example.com}");
    const hosts = (): readonly string[] => [...new Set(world.records().map(({ name }) => name))].toSorted();
    await world.config(random);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const first = world.records();
    await world.config(another(random));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.equal(hosts().length, 2);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(world.records(), first);
    await world.config(random);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  });

  test("have roles in one account: the second makes its own, is refused the first's, and deletes none", async (t) => {
    const world = await stackWorld(t);
    const { issuer } = world.issuer;
    await world.config(configText(issuer));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const roles = async (): Promise<readonly (string | undefined)[]> =>
      (await world.iam.send(new ListRolesCommand({}))).Roles?.map(({ RoleName }) => RoleName) ?? [];
    const first = await roles();
    await world.config(another(configText("https://b.example.test").replace("name: demo", "name: other")));
    assert.deepEqual(changesIn((await world.json(["plan"])).result).toSorted(), [
      "create aws/111122223333/oidc-provider/b.example.test",
      "create aws/111122223333/role/other",
    ]);
    await world.config(another(configText(issuer)));
    refused(await world.podtrust(["up", "--yes"]));
    for (const args of [["--yes"], ["--confirm", "prod"]]) await world.podtrust(["down", ...args]);
    assert.deepEqual(await roles(), first);
  });

  test("have machines in one project and names in one zone: the second is refused the first's machine and addresses, moves no name of its, and deletes nothing", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    const both = ["--only", "machine", "--only", "dns"];
    const config = `${machineConfig()}\ndns: cloudflare\n`.replace("oidc.", "a.");
    await world.config(config);
    assert.equal((await world.podtrust(["up", "--yes", ...both], { env })).code, 0);
    const first = [world.contents(), dns.records()];
    assert.equal(world.contents().servers[0]?.labels["podtrust-identity"], identity);
    await world.config(another(config).replace("https://a.", "https://b."));
    const { result } = await world.json(["plan", ...both], { env });
    assert.deepEqual(
      changesIn(result).filter((one) => !/^(?:blocked hetzner\/|create dns\/b\.example\.com\/)/u.test(one)),
      [],
      "nothing of the first's changes",
    );
    refused(await world.podtrust(["up", "--yes", ...both], { env }));
    for (const args of [["--yes"], ["--confirm", "prod"], ["--confirm", "prod", "--allow-in-use"]])
      await world.podtrust(["down", ...args, ...both], { env });
    assert.deepEqual([world.contents(), dns.records()], first);
    await world.config(config);
    assert.equal((await world.podtrust(["plan", "--check", ...both], { env })).code, 0);
  });
});

describe("a mark that has no identity yet", () => {
  test("of records is taken over once, beside the words that are there", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(
      `stack: prod\nidentity: ${identity}\nissuer: https://a.example.com\ndns: {cloudflare: {}, addresses: ["203.0.113.7"]}\n`,
    );
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const zone = await world.zoneId();
    for (const { id } of world.records())
      await world.byHand("PATCH", `/zones/${zone}/dns_records/${id}`, {
        comment: "podtrust stack=prod format=1 ask ops",
      });
    const plan = await world.json(["plan", "--check"]);
    assert.equal(plan.code, 3);
    assert.deepEqual(changesIn(plan.result), ["update dns/a.example.com/A"]);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    for (const { comment } of world.records()) assert.equal(comment, `${stackMark()} ask ops`);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  });

  test("of a machine is taken over once, and nothing of it is made anew", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const made = world.contents();
    const lists = { firewalls: made.firewalls, primary_ips: made.primaryIps, ssh_keys: made.sshKeys };
    for (const [path, things] of Object.entries({ ...lists, servers: made.servers }))
      for (const { id, labels } of things) {
        const { "podtrust-identity": _identity, ...others } = labels;
        await world.ask("PUT", `${path}/${id}`, { labels: { ...others, ...named } });
      }
    const kinds = (await world.planned()).map((one) => one.split(" ")[0]);
    assert.deepEqual(new Set(kinds), new Set(["update"]));
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    assert.deepEqual(world.contents(), made);
    assert.deepEqual(await world.planned(), []);
  });

  test("of a role is taken over once where it trusts this issuer, and refused where it trusts another's", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const RoleName = "demo";
    const TagKeys = ["podtrust:identity"];
    await world.iam.send(new UntagRoleCommand({ RoleName, TagKeys }));
    assert.deepEqual(changesIn((await world.json(["plan"])).result), ["update aws/111122223333/role/demo"]);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const { Role } = await world.iam.send(new GetRoleCommand({ RoleName }));
    assert.equal(Role?.Tags?.find(({ Key }) => Key === TagKeys[0])?.Value, identity);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    // The role of another config of the name, whose provider somebody else made.
    await world.iam.send(new UntagRoleCommand({ RoleName, TagKeys }));
    await world.config(another(configText("https://b.example.test")));
    const { code, err } = await world.podtrust(["up", "--yes", "--skip", "oidc-provider"]);
    assert.equal(code, 1);
    assert.match(err, /are refused from then on: .*role\/demo is for/u);
    const Tags = [{ Key: "podtrust:identity", Value: "b0b0b0b0" }];
    await world.iam.send(new TagRoleCommand({ RoleName, Tags }));
    assert.equal(
      (await world.podtrust(["plan", "--skip", "oidc-provider"])).code,
      0,
      "by its identity it is ours",
    );
  });
});
