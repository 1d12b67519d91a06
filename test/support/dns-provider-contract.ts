import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DnsProvider,
  DnsWork,
  ObservedRecordSet,
  RecordSet,
  RecordType,
} from "../../src/rules/dns/index.ts";

/** A provider as two stacks see it, and somebody else with access to the same zone. */
export interface DnsWorld {
  /** The provider as a stack of this name sees it. */
  readonly as: (stack: string) => DnsProvider;
  /** A zone that it serves. */
  readonly zone: string;
  /** Makes records without any mark, as a person would. */
  readonly foreign: (set: RecordSet) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const work: DnsWork = { signal: new AbortController().signal, waiting: () => {} };
const { signal } = work;

const shown = (set: ObservedRecordSet | undefined): object | undefined =>
  set && { ttl: set.ttl, values: [...set.values].sort(), owner: set.owner.kind };

const examples: Readonly<Record<Exclude<RecordType, "TXT">, readonly [string, string]>> = {
  A: ["192.0.2.7", "192.0.2.8"],
  AAAA: ["2001:db8::7", "2001:db8::8"],
  CAA: [
    '0 issue "letsencrypt.org; validationmethods=http-01"',
    '0 issue "ca.example; accounturi=https://ca.example/1"',
  ],
};

/** The contract of DnsProvider, for every implementation; `serial` for moto, which cannot do two things at once. */
export function dnsProviderContract(
  provider: string,
  make: () => Promise<DnsWorld>,
  { serial = false }: { readonly serial?: boolean } = {},
): void {
  const each = async <T>(list: readonly T[], run: (one: T) => Promise<void>): Promise<void> => {
    if (!serial) return void (await Promise.all(list.map(run)));
    for (const one of list) await run(one);
    return undefined;
  };
  const promises = (what: string, run: (world: DnsWorld) => Promise<void>): void => {
    test(`${provider}: ${what}`, async () => {
      const world = await make();
      try {
        await run(world);
      } finally {
        await world.close();
      }
    });
  };

  promises(
    "the zone of a name is found from its inside outwards, and a name of no zone is an error",
    async (world) => {
      const dns = world.as("prod");
      const zone = await dns.zoneOf(`a.b.${world.zone}`, signal);
      assert.equal(zone.name, world.zone);
      assert.deepEqual(await dns.zoneOf(world.zone, signal), zone);
      await assert.rejects(dns.zoneOf(`not-${world.zone}`, signal), {
        code: "dns-zone-missing",
        message: new RegExp(`not-${world.zone}`, "u"),
      });
    },
  );

  for (const [type, [first, second]] of Object.entries(examples)) {
    promises(
      `records of type ${type} are made, found, changed and deleted, each step as often as one likes`,
      async (world) => {
        const dns = world.as("prod");
        const zone = await dns.zoneOf(world.zone, signal);
        const key = { name: `oidc.${world.zone}`, type: type as RecordType };
        assert.equal(await dns.find(zone, key, signal), undefined);
        for (const values of [[first], [first], [second], [first, second]]) {
          await dns.write(zone, { ...key, ttl: 60, values }, work);
          assert.deepEqual(shown(await dns.find(zone, key, signal)), {
            ttl: 60,
            values: [...values].sort(),
            owner: "ours",
          });
        }
        await dns.write(zone, { ...key, ttl: 300, values: [second] }, work);
        assert.equal((await dns.find(zone, key, signal))?.ttl, 300);
        assert.deepEqual(
          (await dns.owned(zone, signal)).map((set) => [set.name, set.type]),
          [[key.name, type]],
        );
        for (let time = 0; time < 2; time += 1) {
          await dns.delete(zone, key, work);
          assert.equal(await dns.find(zone, key, signal), undefined);
        }
        assert.deepEqual(await dns.owned(zone, signal), []);
      },
    );
  }

  promises("records of one name and several types do not get into each other's way", async (world) => {
    const dns = world.as("prod");
    const zone = await dns.zoneOf(world.zone, signal);
    const name = `oidc.${world.zone}`;
    const types = ["A", "AAAA", "CAA"] as const;
    await each(types, (type) => dns.write(zone, { name, type, ttl: 60, values: [examples[type][0]] }, work));
    for (const type of types) {
      assert.deepEqual(shown(await dns.find(zone, { name, type }, signal)), {
        ttl: 60,
        values: [examples[type][0]],
        owner: "ours",
      });
    }
    await dns.delete(zone, { name, type: "AAAA" }, work);
    assert.deepEqual((await dns.owned(zone, signal)).map(({ type }) => type).sort(), ["A", "CAA"]);
    await each(types, (type) => dns.delete(zone, { name, type }, work));
    assert.deepEqual(await dns.owned(zone, signal), []);
  });

  promises(
    "what a stranger or another stack has is neither changed nor deleted, and never counted as ours",
    async (world) => {
      const [dns, other] = [world.as("prod"), world.as("dev")];
      const zone = await dns.zoneOf(world.zone, signal);
      const theirs = { name: `www.${world.zone}`, type: "A", ttl: 300, values: ["198.51.100.1"] } as const;
      const devs = { name: `dev.${world.zone}`, type: "A", ttl: 60, values: ["198.51.100.2"] } as const;
      await world.foreign(theirs);
      await other.write(zone, devs, work);
      for (const { name, ...set } of [theirs, devs]) {
        const refused = dns.write(zone, { name, type: "A", ttl: 60, values: ["192.0.2.7"] }, work);
        await assert.rejects(refused, { code: "dns-name-taken", message: new RegExp(name, "u") });
        await dns.delete(zone, { name, type: "A" }, work);
        assert.deepEqual(shown(await dns.find(zone, { name, type: "A" }, signal)), {
          ttl: set.ttl,
          values: set.values,
          owner: name === devs.name ? "other-stack" : "untagged",
        });
      }
      assert.deepEqual(await dns.owned(zone, signal), []);
    },
  );

  promises(
    "values of a name's TXT records are added and taken away one by one, and others of the name stay",
    async (world) => {
      const dns = world.as("prod");
      const zone = await dns.zoneOf(world.zone, signal);
      const name = `_acme-challenge.oidc.${world.zone}`;
      const key = { name, type: "TXT" } as const;
      await world.foreign({ ...key, ttl: 300, values: ["somebody's"] });
      const values = async (): Promise<readonly string[]> =>
        [...((await dns.find(zone, key, signal))?.values ?? [])].sort();
      for (let time = 0; time < 2; time += 1) await dns.addText(zone, { name, value: "one" }, work);
      await dns.addText(zone, { name, value: 'two "quoted" \\ words' }, work);
      assert.deepEqual(await values(), ["one", "somebody's", 'two "quoted" \\ words']);
      for (let time = 0; time < 2; time += 1) await dns.removeText(zone, { name, value: "one" }, work);
      assert.deepEqual(await values(), ["somebody's", 'two "quoted" \\ words']);
      // moto takes no set twice that it once had.
      if (serial) return;
      await dns.removeText(zone, { name, value: 'two "quoted" \\ words' }, work);
      assert.deepEqual(await values(), ["somebody's"]);
    },
  );

  promises("a foreign records are taken over when that is said, and are ours then", async (world) => {
    const dns = world.as("prod");
    const zone = await dns.zoneOf(world.zone, signal);
    const set = { name: `www.${world.zone}`, type: "A", ttl: 300, values: ["198.51.100.1"] } as const;
    await world.foreign(set);
    await dns.write(zone, { ...set, ttl: 60 }, work, true);
    const found = await dns.find(zone, set, signal);
    assert.deepEqual(shown(found), { ttl: 60, values: set.values, owner: "ours" });
  });

  if (serial) return;
  promises("two runs that write the same at once leave it once", async (world) => {
    const zone = await world.as("prod").zoneOf(world.zone, signal);
    const set = { name: `oidc.${world.zone}`, type: "A", ttl: 60, values: ["192.0.2.7"] } as const;
    await Promise.all([1, 2, 3].map(() => world.as("prod").write(zone, set, work)));
    assert.deepEqual(shown(await world.as("prod").find(zone, set, signal)), {
      ttl: 60,
      values: set.values,
      owner: "ours",
    });
  });
}
