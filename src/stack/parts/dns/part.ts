import { hostNameOf, SharedWork } from "../../../core/base/index.ts";
import type { DnsConfig } from "../../../config/index.ts";
import {
  type ProviderZone,
  type DnsProvider,
  type DnsZone,
  type RecordKey,
  type RecordSpec,
  recordNames,
  recordResource,
  recordsSeen,
  recordToDelete,
} from "../../../rules/dns/index.ts";
import { dependenciesOf, type ResourceOutput, type NamedResource } from "../../../rules/plan/index.ts";
import type {
  Goal,
  IssuerMemory,
  Lead,
  PartPlan,
  Part,
  PartContext,
  PartTarget,
  Preflight,
  Survey,
  UnnamedContext,
} from "../part.ts";
import { openDns } from "./open.ts";
import { caaOf } from "./caa.ts";
import { issuerHost, recordsOf, recordWarnings } from "./records.ts";

function openProvider(context: PartContext | UnnamedContext, dns: DnsConfig): Promise<DnsProvider> {
  const { config, env, clock, notice = () => {} } = context;
  const waiting = (reason: string, deadline: number): void => {
    notice(`${reason}; given up after ${Math.ceil((deadline - clock.elapsed()) / 1000)} s`);
  };
  return openDns({ dns, stack: config.stack, identity: config.identity, env, clock, waiting });
}

/** The records that a config wants at the issuer's name. */
function specsOf(config: PartContext["config"]): readonly RecordSpec[] {
  if (config.dns === undefined) return [];
  return [...recordsOf(config, config.dns), ...caaOf(config, issuerHost(config))];
}

/** The same by their names in plans. */
export function dnsRecordIds(config: PartContext["config"]): readonly string[] {
  return specsOf(config).map((spec) => recordNames(spec).id);
}

interface OpenedZone {
  readonly provider: DnsProvider;
  readonly zone: DnsZone;
}

/** The records of the issuer's name, at the provider of its zone. */
class DnsPart implements Part {
  readonly id = "dns";
  readonly #context: PartContext;
  readonly #dns: DnsConfig;
  readonly #specs: readonly RecordSpec[];
  #opened: SharedWork<OpenedZone> | undefined;

  constructor(context: PartContext, dns: DnsConfig) {
    this.#context = context;
    this.#dns = dns;
    this.#specs = specsOf(context.config);
  }

  get named(): readonly NamedResource[] {
    return this.#specs.map(recordNames);
  }

  get needs(): readonly ResourceOutput[] {
    return this.#specs.flatMap(({ values }) => ("from" in values ? [values.from] : []));
  }

  /** Provider and zone, found once. */
  #open(signal: AbortSignal): Promise<OpenedZone> {
    this.#opened = SharedWork.again(this.#opened, async (own) => {
      const provider = await openProvider(this.#context, this.#dns);
      try {
        return { provider, zone: await provider.zoneOf(issuerHost(this.#context.config), own) };
      } catch (error) {
        provider.close();
        throw error;
      }
    });
    return this.#opened.wait(signal);
  }

  async open(signal: AbortSignal): Promise<PartTarget> {
    const { provider, zone } = await this.#open(signal);
    return { where: `zone ${zone.name} at ${provider.name}`, caller: provider.caller };
  }

  async survey(goal: Goal, signal: AbortSignal): Promise<Survey> {
    const { provider, zone } = await this.#open(signal);
    const place: ProviderZone = { provider, zone: () => Promise.resolve(zone) };
    const found = await provider.owned(zone, signal);
    // Challenge records of a certificate authority come and go by themselves; only the way down removes leftovers.
    const former = (this.#context.config.publisher?.formerIssuers ?? []).map(hostNameOf);
    const isSurplus = ({ type, name }: RecordKey): boolean => type !== "TXT" && !former.includes(name);
    const owned = goal === "absent" ? found : found.filter(isSurplus);
    const desired = this.#specs.map((spec) => recordResource(place, spec));
    const wanted = new Map(desired.map((resource) => [resource.id, dependenciesOf(resource)]));
    const madeOf = (set: RecordKey): readonly string[] => wanted.get(recordNames(set).id) ?? [];
    return {
      desired,
      owned: owned.map((set) => recordToDelete(place, set, madeOf(set))),
      // Records of others may exist beside ours, which this listing does not show.
      seen: recordsSeen(owned.filter((set) => goal === "absent" || !wanted.has(recordNames(set).id))),
    };
  }

  async leads(signal: AbortSignal): Promise<readonly Lead[]> {
    const { provider, zone } = await this.#open(signal);
    const name = issuerHost(this.#context.config);
    const [own, ...found] = await Promise.all([
      provider.owned(zone, signal),
      ...(["A", "AAAA"] as const).map((type) => provider.find(zone, { name, type }, signal)),
    ]);
    return found.flatMap((set) => {
      if (set === undefined) return [];
      const ours = own.find((one) => one.name === set.name && one.type === set.type)?.values ?? [];
      const { id } = recordNames(set);
      return set.values.map((address) => ({ id, address, isOwn: ours.includes(address) }));
    });
  }

  async preflight({ goal, changes }: PartPlan, signal: AbortSignal): Promise<Preflight> {
    const { provider, zone } = await this.#open(signal);
    const writes = changes.some(({ kind }) => kind !== "none" && kind !== "blocked");
    const reading = `${provider.name} says that ${provider.caller} may read the records of ${zone.name} and not write them: up would be refused`;
    return {
      refusals: [],
      warnings: [
        ...(goal === "present" ? recordWarnings(this.#context.config, this.#dns) : []),
        ...(writes && zone.isReadOnly === true ? [reading] : []),
      ],
    };
  }

  close(): void {
    this.#opened?.wait().then(
      ({ provider }) => provider.close(),
      () => {},
    );
  }
}

/** The part of a config's dns section; none without one. Opens no connection. */
export function dnsParts(context: PartContext): readonly Part[] {
  const { dns } = context.config;
  return dns === undefined ? [] : [new DnsPart(context, dns)];
}

/** The names below the config's zone whose records carry the stack's mark. */
export function dnsMemories(context: UnnamedContext): readonly IssuerMemory[] {
  const { dns, zone: above } = context.config;
  if (dns === undefined) return [];
  return [
    {
      async issuerHosts(signal) {
        const provider = await openProvider(context, dns);
        const owned = await provider
          .zoneOf(above, signal)
          .then((zone) => provider.owned(zone, signal))
          .finally(() => provider.close());
        // A challenge record is below the name that it validates.
        return owned
          .filter(({ type, name }) => type !== "TXT" && name.endsWith(`.${above}`))
          .map(({ name }) => name);
      },
    },
  ];
}
