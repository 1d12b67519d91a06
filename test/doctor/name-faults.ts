import { freePort } from "../support/free-port.ts";
import type { Fault } from "./fault.ts";
import { host, type DoctorWorld } from "./world.ts";

const one = "192.0.2.1";

/** A missing name is remembered for five minutes at most. */
const soa = "ns1.example.test hostmaster.example.test 1 7200 3600 86400 300";

type Records = Parameters<DoctorWorld["dns"]>[0];

/** The zone example.test: what the resolver has of it, and what each of its name servers says, by its address. */
async function zoned(
  world: DoctorWorld,
  cached: Exclude<Records, "failed">,
  servers: Readonly<Record<string, Records>>,
): Promise<void> {
  const addresses = Object.entries(servers);
  const named = addresses.map(([address], index) => [`A ns${index + 1}.example.test`, [address]] as const);
  const servedBy = named.map(([question]) => question.slice(2));
  const known = { "NS example.test": servedBy, "SOA example.test": [soa], ...Object.fromEntries(named) };
  await world.dns({ ...known, ...cached }, 240);
  for (const [address, records] of addresses) await world.nameServer(address, records);
}

/** Faults of names. */
export const nameFaults = {
  NameMissing: (world) => world.dns({}),
  NameServersFail: (world) => world.dns("failed"),
  NameNotResolved: async (world) => {
    world.resolver = `127.0.0.1:${await freePort()}`;
  },
  ResolversDiffer: async (world) => {
    world.issuer = "https://localhost";
    await world.dns({});
  },
  SplitHorizon: async (world) => {
    world.issuer = "https://localhost";
    await world.dns({ "A localhost": [one] });
    await world.start({ host: "localhost" }, one);
  },
  EveryAddressPrivate: async (world) => {
    await world.dns({ [`A ${host}`]: ["10.0.0.7"] });
    await world.start({}, "10.0.0.7");
  },
  AddressPrivate: async (world) => {
    await world.dns({ [`A ${host}`]: [one, "10.0.0.7"] });
    await world.start({}, one);
    await world.start({}, "10.0.0.7");
  },
  NameCached: async (world) => {
    await zoned(world, {}, { "192.0.2.53": { [`A ${host}`]: [one] } });
  },
  AddressCached: async (world) => {
    await zoned(world, { [`A ${host}`]: ["192.0.2.9"] }, { "192.0.2.53": { [`A ${host}`]: [one] } });
    world.lead("192.0.2.9", await freePort());
    await world.start({}, one);
  },
  NameOnlyCached: async (world) => {
    await zoned(world, { [`A ${host}`]: [one] }, { "192.0.2.53": {} });
    await world.start({}, one);
  },
  NameServersDiffer: async (world) => {
    await zoned(
      world,
      { [`A ${host}`]: [one] },
      { "192.0.2.53": { [`A ${host}`]: [one] }, "192.0.2.54": {} },
    );
    await world.start({}, one);
  },
  DelegationLame: async (world) => {
    await zoned(
      world,
      { [`A ${host}`]: [one] },
      { "192.0.2.53": { [`A ${host}`]: [one] }, "192.0.2.54": "failed" },
    );
    await world.start({}, one);
  },
  ZoneNotDelegated: async (world) => {
    await world.dns({ "NS test": ["a.nic.test"], "A a.nic.test": ["192.0.2.53"] });
    await world.nameServer("192.0.2.53", {});
  },
} satisfies Record<string, Fault>;
