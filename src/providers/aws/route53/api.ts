import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { defined, mapped, PodtrustError } from "../../../core/base/index.ts";
import type { DnsZone } from "../../../rules/dns/index.ts";
import { calling } from "../failure.ts";
import type { AwsSession } from "../session.ts";
import { type Route53RecordSet, plainName, readSet } from "./record-set.ts";

// Enough for a person to choose from.
const maxZones = 100;

/** The names of the account's public zones, a hundred at the most. */
export async function hostedZoneNames(session: AwsSession, signal: AbortSignal): Promise<readonly string[]> {
  const client = await session.route53();
  const { ListHostedZonesCommand } = await import("@aws-sdk/client-route-53");
  return calling("listing the hosted zones", async () => {
    const command = new ListHostedZonesCommand({ MaxItems: maxZones });
    const { HostedZones: zones = [] } = await client.send(command, { abortSignal: signal });
    return zones.filter(({ Config }) => Config?.PrivateZone !== true).map(({ Name = "" }) => plainName(Name));
  });
}

/** The five calls of Route 53 that a provider needs. */
export class Route53Api {
  readonly #session: AwsSession;

  constructor(session: AwsSession) {
    this.#session = session;
  }

  /** The public zones of just this name. */
  async zonesNamed(name: string, signal: AbortSignal): Promise<readonly DnsZone[]> {
    const client = await this.#session.route53();
    const { ListHostedZonesByNameCommand } = await import("@aws-sdk/client-route-53");
    return calling(`looking for the hosted zone ${name}`, async () => {
      // The list only begins at the name, and private zones of it come first or last.
      const command = new ListHostedZonesByNameCommand({ DNSName: `${name}.`, MaxItems: 20 });
      const { HostedZones: zones = [] } = await client.send(command, { abortSignal: signal });
      return zones
        .filter(({ Name = "", Config }) => plainName(Name) === name && Config?.PrivateZone !== true)
        .map(({ Id = "" }) => ({ id: Id.replace(/^\/hostedzone\//u, ""), name }));
    });
  }

  /** Sets from a name on, in Route 53's order, up to where `isEnough`; the whole zone without a name. */
  async sets(
    zone: DnsZone,
    from: string | undefined,
    isEnough: (sets: readonly Route53RecordSet[]) => boolean,
    signal: AbortSignal,
  ): Promise<readonly Route53RecordSet[]> {
    const client = await this.#session.route53();
    const { ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
    return calling(`listing the records of ${from ?? zone.name}`, async () => {
      const found: Route53RecordSet[] = [];
      let start: { StartRecordName?: string; StartRecordType?: ResourceRecordSet["Type"] } = defined({
        StartRecordName: mapped(from, (name) => `${name}.`),
      });
      let identifier: string | undefined;
      // 10,000 records are a zone's default quota.
      for (let page = 0; page < 200; page += 1) {
        const command = new ListResourceRecordSetsCommand({
          HostedZoneId: zone.id,
          MaxItems: 300,
          ...start,
          ...defined({ StartRecordIdentifier: identifier }),
        });
        const answer = await client.send(command, { abortSignal: signal });
        found.push(...(answer.ResourceRecordSets ?? []).map(readSet));
        const { IsTruncated, NextRecordName, NextRecordType, NextRecordIdentifier } = answer;
        if (IsTruncated !== true || NextRecordName === undefined || isEnough(found)) return found;
        start = {
          StartRecordName: NextRecordName,
          ...defined({ StartRecordType: NextRecordType }),
        };
        identifier = NextRecordIdentifier;
      }
      throw new PodtrustError("aws-refused", `the list of records of ${zone.name} does not end`);
    });
  }

  /** Makes changes, all or nothing; gives the change's id. Throws what the SDK throws. */
  async change(zone: DnsZone, changes: readonly Change[], signal: AbortSignal): Promise<string | undefined> {
    const client = await this.#session.route53();
    const { ChangeResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
    const command = new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone.id,
      ChangeBatch: { Comment: "podtrust", Changes: [...changes] },
    });
    const { ChangeInfo } = await client.send(command, { abortSignal: signal });
    return ChangeInfo?.Id;
  }

  /** Whether all of Route 53's name servers answer with a change. */
  async isInSync(id: string, signal: AbortSignal): Promise<boolean> {
    const client = await this.#session.route53();
    const { GetChangeCommand } = await import("@aws-sdk/client-route-53");
    return calling("asking whether a change of DNS records is in sync", async () => {
      const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: id }), { abortSignal: signal });
      return ChangeInfo?.Status === "INSYNC";
    });
  }
}
