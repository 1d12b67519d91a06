import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { type IssuerNaming, parseConfig } from "../../src/config/index.ts";
import type { StandInHetznerOptions } from "../../src/sandbox/index.ts";
import { openStack, settleIssuer, type Stack } from "../../src/stack/index.ts";
import { type CliResult, podtrustChild } from "../support/cli.ts";
import { type DnsCliWorld, dnsCliWorld } from "../support/dns-cli-world.ts";
import { gatheringRelay } from "../support/gathering-relay.ts";
import { type HetznerWorld, hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";

const config = `${machineConfig().replace("issuer: https://oidc.example.com", "issuer: {zone: example.com}")}
dns: cloudflare
`;
// No machine is started: what is set up on one is another test's.
const both = ["--only", "machine", "--only", "dns"];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

interface World extends HetznerWorld {
  readonly dns: DnsCliWorld;
  /** The name that the firewall remembers, without its zone. */
  remembered(): string | undefined;
  /** The names that have records. */
  names(): readonly string[];
}

async function world(t: TestContext, options: StandInHetznerOptions = {}): Promise<World> {
  const dns = await dnsCliWorld(t);
  const made = await hetznerWorld(t, options);
  Object.assign(made.env, dns.env);
  await made.config(config);
  return Object.assign(made, {
    dns,
    remembered: () => made.contents().firewalls[0]?.labels["podtrust-issuer"],
    names: () => [...new Set(dns.records().map(({ name }) => name))],
  });
}

async function relabel(made: World, labels: Readonly<Record<string, string>>): Promise<void> {
  await made.ask("PUT", `firewalls/${made.contents().firewalls[0]?.id}`, { labels });
}

const ours = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" };

describe("a random name of an issuer on a machine at Hetzner", () => {
  test("is remembered by a label of the firewall, also where no record was written yet", async (t) => {
    const made = await world(t);
    const first = await made.podtrust(["up", "--yes"]);
    assert.equal(first.code, 0, first.err);
    const name = made.remembered() ?? "";
    assert.match(name, uuid);
    assert.match(first.out, new RegExp(`issuer https://${name}\\.example\\.com`, "u"));
    assert.deepEqual(made.names(), []);
    const again = await made.podtrust(["up", "--yes", ...both]);
    assert.equal(again.code, 0, again.err);
    assert.deepEqual([made.remembered(), made.names()], [name, [`${name}.example.com`]]);
    const third = await made.podtrust(["up", "--yes", ...both]);
    assert.match(third.out, /Nothing to do/u);
    const down = await made.podtrust(["down", "--yes", "--confirm", "prod", ...both]);
    assert.equal(down.code, 0, down.err);
    assert.deepEqual([made.contents(), made.names()], [nothing, []]);
  });

  test("leads to another location where the machine could not be had, without a flag, while no machine ever ran", async (t) => {
    const made = await world(t);
    const soldOut = (): void => made.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    soldOut();
    const first = await made.podtrust(["up", "--yes", ...both]);
    assert.match(first.err, /hetzner-sold-out/u);
    assert.deepEqual([made.names(), made.contents().primaryIps.length], [[], 2]);
    await made.config(config.replace("nbg1", "hel1"));
    const plan = await made.podtrust(["plan", ...both]);
    assert.equal(plan.code, 0, plan.err);
    assert.doesNotMatch(plan.err, /everything on its disk|tokens/u);
    const second = await made.podtrust(["up", "--yes", ...both]);
    assert.equal(second.code, 0, second.err);
    const { servers, primaryIps } = made.contents();
    const places = [...servers, ...primaryIps].map(({ location }) => location.name);
    assert.deepEqual(places, ["hel1", "hel1", "hel1"]);
    assert.deepEqual(made.names(), [`${made.remembered()}.example.com`]);
  });

  test("goes on to the next location of a list as the refusal says, without a flag, where every type was sold out at its creation", async (t) => {
    const made = await world(t);
    await made.config(
      config
        .replace("type: cax11", "type: [cax11, cax21]")
        .replace("location: nbg1", "location: [nbg1, hel1]"),
    );
    for (const _ of ["cax11", "cax21"])
      made.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    const first = await made.podtrust(["up", "--yes", ...both]);
    assert.match(first.err, /^next: +Take nbg1 out of machine\.hetzner\.location .* it goes on to hel1\./mu);
    assert.deepEqual(made.contents().servers, []);
    await made.config(
      config.replace("type: cax11", "type: [cax11, cax21]").replace("location: nbg1", "location: [hel1]"),
    );
    const second = await made.podtrust(["up", "--yes", ...both]);
    assert.equal(second.code, 0, second.err);
    const { servers, primaryIps } = made.contents();
    const places = [...servers, ...primaryIps].map(({ location }) => location.name);
    assert.deepEqual(places, ["hel1", "hel1", "hel1"]);
  });

  test("keeps its addresses where they are while it leads to them, though the machine is gone, until a flag", async (t) => {
    const made = await world(t);
    assert.equal((await made.podtrust(["up", "--yes", ...both])).code, 0);
    await made.ask("DELETE", `servers/${made.contents().servers[0]?.id}`);
    await made.clock.sleep(60_000);
    await made.config(config.replace("nbg1", "hel1"));
    const { code, err } = await made.podtrust(["up", "--yes", ...both]);
    assert.deepEqual([code, err.match(/machine-replace$/gmu)?.length], [1, 2], err);
    assert.deepEqual(
      made.contents().primaryIps.map(({ location }) => location.name),
      ["nbg1", "nbg1"],
    );
  });

  test("outlives its records, which somebody deleted", async (t) => {
    const made = await world(t);
    await made.podtrust(["up", "--yes", ...both]);
    const [name] = made.names();
    for (const { id } of made.dns.records())
      await made.dns.byHand("DELETE", `/zones/${await made.dns.zoneId()}/dns_records/${id}`);
    await made.podtrust(["up", "--yes", ...both]);
    assert.deepEqual(made.names(), [name]);
  });

  test("is put back into the label where somebody took it away or changed it", async (t) => {
    const made = await world(t);
    await made.podtrust(["up", "--yes", ...both]);
    const name = made.remembered();
    for (const labels of [ours, { ...ours, "podtrust-issuer": "other" }]) {
      await relabel(made, labels);
      const { out } = await made.podtrust(["plan", ...both]);
      assert.match(out, /labels\.podtrust-issuer/u);
      await made.podtrust(["up", "--yes", ...both]);
      assert.equal(made.remembered(), name);
    }
  });

  test("is no longer remembered once the config names the issuer itself", async (t) => {
    const made = await world(t);
    await made.podtrust(["up", "--yes"]);
    assert.match(made.remembered() ?? "", uuid);
    await made.config(machineConfig());
    assert.deepEqual(await made.planned(), ["update firewall/prod"]);
    await made.podtrust(["up", "--yes"]);
    assert.deepEqual(made.contents().firewalls[0]?.labels, ours);
  });

  test("is not chosen anew by who may not ask Hetzner for it", async (t) => {
    const made = await world(t);
    await made.podtrust(["up", "--yes"]);
    const name = made.remembered();
    const env = { ...made.env, HCLOUD_TOKEN: "" };
    const { code, err } = await made.podtrust(["up", "--yes", "--only", "dns"], { env });
    assert.equal(code, 1);
    assert.match(err, /code: {2}hetzner-token-missing/u);
    assert.deepEqual([made.remembered(), made.names()], [name, []]);
  });

  test("of a saved plan is refused once another run has remembered one", async (t) => {
    const made = await world(t);
    await made.podtrust(["plan", "-o", "one.json"]);
    await made.podtrust(["up", "--yes"]);
    const name = made.remembered();
    const late = await made.saved(["up", "one.json"]);
    assert.equal(late.code, 1);
    assert.match(late.err, new RegExp(`has the name ${name}\\.example\\.com by now`, "u"));
  });
});

describe("two runs at the same moment, each with a name that it chose", () => {
  const delays = { action: 20, firewall: 20, release: 20 };
  const run = (made: World, endpoint: string): Promise<CliResult> =>
    podtrustChild(["up", "--yes", ...both], {
      cwd: made.folder,
      env: { ...made.env, HCLOUD_ENDPOINT: endpoint },
    });

  test("leave one name: the process whose firewall came second stops before it has made anything", async (t) => {
    const made = await world(t, { clock: systemClock, delays });
    const held = { method: "POST", path: "firewalls", count: 2 };
    const endpoint = await gatheringRelay(t, made.hetzner.url, held);
    const writes: string[] = [];
    made.onWrite = (line) => writes.push(line);
    const ended = await Promise.all([run(made, endpoint), run(made, endpoint)]);
    const [won, lost] = ended.toSorted((a, b) => Number(a.code) - Number(b.code));
    assert.deepEqual([won?.code, lost?.code], [0, 1], ended.map(({ out, err }) => out + err).join("\n"));
    const name = made.remembered() ?? "";
    assert.match(name, uuid);
    assert.match(won?.out ?? "", new RegExp(`issuer https://${name}\\.example\\.com`, "u"));
    assert.deepEqual(made.names(), [`${name}.example.com`]);
    const said = `${lost?.out}${lost?.err}`;
    assert.match(
      said,
      new RegExp(`stack prod has the name ${name}\\.example\\.com by now, which another run chose`, "u"),
    );
    assert.match(said, /plan-changed/u);
    const posts = ["ssh_keys", "firewalls", "primary_ips", "servers"].map(
      (path) => writes.filter((line) => line.endsWith(`/${path}`) && line.startsWith("POST")).length,
    );
    assert.deepEqual(
      posts,
      [1, 2, 2, 1],
      "the second firewall was refused, and nothing else was asked for twice",
    );
    const next = await run(made, endpoint);
    assert.equal(next.code, 0, next.err);
    assert.match(next.out, /Nothing to do/u);
    assert.deepEqual(made.names(), [`${name}.example.com`]);
  });

  /** This process with a name of its own, chosen before anybody remembered one. */
  async function slowRun(t: TestContext, made: World): Promise<Stack> {
    const { env, clock } = made;
    const file = join(made.folder, "podtrust.yaml");
    const signal = new AbortController().signal;
    const choose: IssuerNaming = (unnamed) => settleIssuer({ config: unnamed, env, clock }, "choose", signal);
    const chosen = await parseConfig(config, file, env, choose);
    const stack = await openStack({
      config: chosen,
      env,
      clock,
      signal,
      select: { only: ["machine", "dns"] },
    });
    t.after(() => stack.close());
    return stack;
  }

  test("are told apart by the plan of the one that looked too late", async (t) => {
    const made = await world(t);
    const slow = await slowRun(t, made);
    await made.podtrust(["up", "--yes", ...both]);
    const { plan } = await slow.plan();
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ["plan-changed"],
    );
  });

  test("are told apart while they are applied, and whoever is late writes nothing", async (t) => {
    const made = await world(t);
    const slow = await slowRun(t, made);
    const plan = await slow.plan();
    await made.podtrust(["up", "--yes", ...both]);
    const before = [made.contents(), made.dns.records()];
    const { done, failed, skipped } = await slow.apply(plan);
    assert.deepEqual([done, failed.map(({ error }) => error.code)], [[], ["plan-changed"]]);
    assert.equal(skipped.length, plan.plan.changes.length - 1);
    assert.deepEqual([made.contents(), made.dns.records()], before);
  });
});
