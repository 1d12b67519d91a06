import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { openAws, route53Dns } from "../../src/providers/aws/index.ts";
import type { DnsProvider } from "../../src/rules/dns/index.ts";
import { dnsProviderContract, work } from "../support/dns-provider-contract.ts";
import { startStrictRoute53, type StrictRoute53 } from "../support/strict-route53.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

const { signal } = work;
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "none of anybody's" };

function providerOf(api: StrictRoute53, stack = "prod", clock = new SwiftClock()): DnsProvider {
  const session = openAws({ region: "us-east-1", endpoint: api.url, credentials, attempts: 1, clock });
  return route53Dns(session, stackOwner(stack), "a test");
}

dnsProviderContract("Route 53, as strict as AWS", async () => {
  const api = await startStrictRoute53();
  const opened: DnsProvider[] = [];
  return {
    zone: "example.com",
    as(stack) {
      const dns = providerOf(api, stack);
      opened.push(dns);
      return dns;
    },
    foreign({ name, type, ttl, values }) {
      const written = type === "TXT" ? values.map((value) => `"${value}"`) : values;
      api.put("example.com", { name: `${name}.`, type, ttl, values: written });
      return Promise.resolve();
    },
    async close() {
      for (const dns of opened) dns.close();
      await api.close();
    },
  };
});

async function world(
  t: TestContext,
  zones?: readonly string[],
): Promise<{ api: StrictRoute53; dns: DnsProvider }> {
  const api = await startStrictRoute53(zones);
  const dns = providerOf(api);
  t.after(async () => {
    dns.close();
    await api.close();
  });
  return { api, dns };
}

const set = { name: "oidc.example.com", type: "A", ttl: 60, values: ["192.0.2.7"] } as const;

describe("DNS at Route 53", () => {
  test("a record and the TXT record that says whose it is are made, changed and deleted in one change", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    await dns.write(zone, set, work);
    assert.equal(api.changes(), 1);
    assert.deepEqual(api.sets("example.com"), [
      { name: "oidc.example.com.", type: "A", ttl: 60, values: ["192.0.2.7"] },
      {
        name: "_podtrust.oidc.example.com.",
        type: "TXT",
        ttl: 60,
        values: ['"podtrust stack=prod format=1 id=3f2a91bc owns=A"'],
      },
    ]);
    await dns.write(zone, set, work);
    assert.equal(api.changes(), 1, "what stands is not written");
    await dns.delete(zone, set, work);
    assert.equal(api.changes(), 2);
    assert.deepEqual(api.sets("example.com"), []);
  });

  test("an answer that got lost, and a set that somebody changed meanwhile, are looked at again", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    // The SDK repeats what got no answer: AWS then says that it exists already.
    const patient = route53Dns(
      openAws({ region: "us-east-1", endpoint: api.url, credentials, attempts: 3 }),
      stackOwner(),
      "a test",
    );
    t.after(() => patient.close());
    api.loseAnswer();
    await patient.write(zone, set, work);
    assert.equal(api.sets("example.com").length, 2);
    api.onChange = () => {
      api.onChange = () => {};
      api.put("example.com", { name: "oidc.example.com.", type: "A", ttl: 30, values: ["192.0.2.9"] });
    };
    await dns.write(zone, { ...set, values: ["192.0.2.8"] }, work);
    assert.deepEqual(api.sets("example.com")[0]?.values, ["192.0.2.8"]);
    assert.equal(api.sets("example.com")[0]?.ttl, 60);
  });

  test("a value that is none is refused with AWS's words, at once", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    let tries = 0;
    api.onChange = () => void (tries += 1);
    await assert.rejects(dns.write(zone, { ...set, values: ["300.0.0.1"] }, work), {
      code: "aws-refused",
      message: /^changing the A records of oidc\.example\.com: InvalidChangeBatch: Invalid Resource Record/u,
    });
    assert.equal(tries, 1);
    assert.deepEqual(api.sets("example.com"), []);
  });

  test("two stacks have records of one name side by side, each by a claim of its own, and a stranger's words beside them stay", async (t) => {
    const { api, dns } = await world(t);
    const other = providerOf(api, "dev");
    t.after(() => other.close());
    const zone = await dns.zoneOf(set.name, signal);
    const name = "_podtrust.oidc.example.com.";
    api.put("example.com", { name, type: "TXT", ttl: 300, values: ['"ask Ada first"'] });
    await dns.write(zone, set, work);
    await other.write(zone, { ...set, type: "AAAA", values: ["2001:db8::1"] }, work);
    assert.deepEqual(api.sets("example.com").find((one) => one.type === "TXT")?.values, [
      '"ask Ada first"',
      '"podtrust stack=prod format=1 id=3f2a91bc owns=A"',
      '"podtrust stack=dev format=1 id=3f2a91bc owns=AAAA"',
    ]);
    assert.equal((await dns.find(zone, { ...set, type: "AAAA" }, signal))?.owner.kind, "other-stack");
    await dns.delete(zone, set, work);
    await other.delete(zone, { ...set, type: "AAAA" }, work);
    assert.deepEqual(api.sets("example.com"), [{ name, type: "TXT", ttl: 300, values: ['"ask Ada first"'] }]);
  });

  test("an alias in the place of an address is somebody's, also where things are taken over", async (t) => {
    const { api, dns } = await world(t);
    api.put("example.com", {
      name: "oidc.example.com.",
      type: "CNAME",
      ttl: 300,
      values: ["elsewhere.example.net"],
    });
    const zone = await dns.zoneOf(set.name, signal);
    assert.equal((await dns.find(zone, set, signal))?.owner.kind, "untagged");
    await assert.rejects(dns.write(zone, set, work, true), { code: "dns-name-taken", message: /alias/u });
  });

  test("a claim is found however many records sort before it, and names that only begin alike are others", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    const others = [
      "oidc-2",
      "oidc-3",
      "oidc-4",
      "oidc-5",
      "_a.oidc",
      "-b.oidc",
      "1.oidc",
      "2.oidc",
      "zz.oidc",
      "oidcx",
    ];
    for (const name of others)
      api.put("example.com", { name: `${name}.example.com.`, type: "A", ttl: 60, values: ["198.51.100.1"] });
    await dns.write(zone, set, work);
    assert.equal((await dns.find(zone, set, signal))?.owner.kind, "ours");
    assert.deepEqual(
      (await dns.owned(zone, signal)).map(({ name }) => name),
      [set.name],
    );
    await dns.delete(zone, set, work);
    assert.equal(api.sets("example.com").length, others.length);
  });

  test("a claim whose record somebody deleted is made good by up and given up by down", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    api.put("example.com", {
      name: "_podtrust.oidc.example.com.",
      type: "TXT",
      ttl: 60,
      values: ['"podtrust stack=prod format=1 id=3f2a91bc owns=A"'],
    });
    assert.deepEqual(
      (await dns.owned(zone, signal)).map(({ name, values }) => [name, values]),
      [[set.name, []]],
    );
    await dns.write(zone, set, work);
    assert.equal(api.sets("example.com").length, 2);
    await dns.delete(zone, set, work);
    assert.deepEqual(api.sets("example.com"), []);
  });

  test("a change is waited for until it is on all name servers, with a reason and a deadline", async (t) => {
    const { api } = await world(t);
    const clock = new SwiftClock();
    const dns = providerOf(api, "prod", clock);
    t.after(() => dns.close());
    const zone = await dns.zoneOf(set.name, signal);
    await dns.write(zone, set, work);
    const said: string[] = [];
    await dns.untilVisible?.(set, {
      signal,
      waiting(reason, deadline) {
        assert.ok(deadline > clock.elapsed());
        said.push(reason);
      },
    });
    assert.deepEqual([...new Set(said)], ["Route 53 brings the change to all its name servers"]);
    assert.equal(said.length, 2);
    await dns.untilVisible?.({ ...set, type: "AAAA" }, work);
  });

  test("a private zone of the name is passed over, and two public ones are an error that names both", async (t) => {
    const { dns } = await world(t, ["private:oidc.example.com", "example.com"]);
    assert.equal((await dns.zoneOf("oidc.example.com", signal)).name, "example.com");
    const { dns: twice } = await world(t, ["example.com", "example.com"]);
    await assert.rejects(twice.zoneOf("oidc.example.com", signal), {
      code: "dns-zone-inactive",
      message: /2 public hosted zones of the name example\.com \(Z0A+, Z1A+\)/u,
    });
  });
});
