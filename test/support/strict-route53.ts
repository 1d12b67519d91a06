import { createServer, type IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { AddressInfo } from "node:net";
import { XMLParser } from "fast-xml-parser";

interface StoredSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  sets: readonly StoredSet[];
}

/**
 * Route 53 as strict as AWS is where moto 5.2 is not: CREATE of what exists, DELETE of what is not there just so, and
 * values that are none are refused, with AWS's words; changes take a few looks until they are in sync. It checks no
 * signatures.
 */
export interface StrictRoute53 {
  readonly url: string;
  /** Names, types, TTLs and values of a zone's sets, without its NS and SOA. */
  readonly sets: (zone: string) => readonly StoredSet[];
  /** Called before each change; it may change the zone, or throw for an answer that is lost before the work. */
  onChange: () => void;
  /** The next answer to a change gets lost after the work. */
  loseAnswer: () => void;
  readonly put: (zone: string, set: StoredSet) => void;
  readonly changes: () => number;
  readonly close: () => Promise<void>;
}

const parser = new XMLParser({
  parseTagValue: false,
  isArray: (name) => name === "Change" || name === "ResourceRecord",
});

class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const key = ({ name }: { name: string }): string => `${name.split(".").reverse().slice(1).join(".")}.`;
const before = (a: StoredSet, b: StoredSet): number => {
  if (key(a) !== key(b)) return key(a) < key(b) ? -1 : 1;
  return a.type < b.type ? -1 : Number(a.type > b.type);
};
const isSame = (a: StoredSet, b: StoredSet): boolean => a.name === b.name && a.type === b.type;
const alike = (a: StoredSet, b: StoredSet): boolean =>
  a.ttl === b.ttl && [...a.values].sort().join("\n") === [...b.values].sort().join("\n");

function checkValues({ type, values, name }: StoredSet): void {
  for (const value of values) {
    const good =
      type === "A"
        ? isIP(value) === 4
        : type === "AAAA"
          ? isIP(value) === 6
          : type === "TXT"
            ? /^"(?:[^"\\]|\\.){0,255}"(?: "(?:[^"\\]|\\.){0,255}")*$/u.test(value)
            : type !== "CAA" || /^\d{1,3} [a-z]+ "[^"]*"$/u.test(value);
    if (good) continue;
    const said = `Invalid Resource Record: 'FATAL problem: ARRDATAIllegal (Value is not a valid value for ${type}) encountered with '${value}'' of ${name}`;
    throw new Refused("InvalidChangeBatch", said);
  }
}

/** All of it or nothing. */
function changed(
  sets: readonly StoredSet[],
  zone: Zone,
  changes: readonly { action: string; set: StoredSet }[],
): readonly StoredSet[] {
  return changes.reduce<readonly StoredSet[]>((now, { action, set }) => {
    const there = now.find((one) => isSame(one, set));
    const words = `[name='${set.name}', type='${set.type}']`;
    if (set.name !== zone.name && !set.name.endsWith(`.${zone.name}`))
      throw new Refused(
        "InvalidChangeBatch",
        `RRSet with DNS name ${set.name} is not permitted in zone ${zone.name}`,
      );
    if (action === "DELETE") {
      if (there === undefined)
        throw new Refused(
          "InvalidChangeBatch",
          `Tried to delete resource record set ${words} but it was not found`,
        );
      if (!alike(there, set))
        throw new Refused(
          "InvalidChangeBatch",
          `Tried to delete resource record set ${words} but the values provided do not match the current values`,
        );
      return now.filter((one) => one !== there);
    }
    checkValues(set);
    if (action === "CREATE" && there !== undefined)
      throw new Refused(
        "InvalidChangeBatch",
        `Tried to create resource record set ${words} but it already exists`,
      );
    const alias = now.find(
      (one) => one.name === set.name && one.type !== set.type && [one.type, set.type].includes("CNAME"),
    );
    if (alias !== undefined)
      throw new Refused(
        "InvalidChangeBatch",
        `RRSet of type ${set.type} with DNS name ${set.name} is not permitted because a conflicting RRSet of type ${alias.type} with the same DNS name already exists in zone ${zone.name}`,
      );
    return [...now.filter((one) => one !== there), set].sort(before);
  }, sets);
}

interface XmlSet {
  readonly Name: string;
  readonly Type: string;
  readonly TTL: string;
  readonly ResourceRecords: { readonly ResourceRecord: readonly { readonly Value: string }[] };
}

const storedOf = ({ Name, Type, TTL, ResourceRecords }: XmlSet): StoredSet => ({
  name: Name.toLowerCase(),
  type: Type,
  ttl: Number(TTL),
  values: ResourceRecords.ResourceRecord.map(({ Value }) => Value),
});

const setXml = ({ name, type, ttl, values }: StoredSet): string =>
  `<ResourceRecordSet><Name>${xml(name)}</Name><Type>${type}</Type><TTL>${ttl}</TTL><ResourceRecords>${values
    .map((value) => `<ResourceRecord><Value>${xml(value)}</Value></ResourceRecord>`)
    .join("")}</ResourceRecords></ResourceRecordSet>`;

const zoneXml = ({ id, name, isPrivate }: Zone): string =>
  `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><CallerReference>x</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += String(part);
  return text;
}

/** Starts it with public zones, and private ones that begin with `private:`. */
export async function startStrictRoute53(names: readonly string[] = ["example.com"]): Promise<StrictRoute53> {
  const zones = names.map((text, index): Zone => ({
    id: `Z${index}AAAAAAAAAAAAAA`,
    name: `${text.replace(/^private:/u, "")}.`,
    isPrivate: text.startsWith("private:"),
    sets: [],
  }));
  const looks = new Map<string, number>();
  let losing = false;
  const pageSize = 4;

  function answer(method: string, url: URL, text: string): string {
    const [, , kind, id = "", rest] = url.pathname.split("/");
    if (kind === "hostedzonesbyname") {
      const from = url.searchParams.get("dnsname") ?? "";
      const listed = [...zones].filter(({ name }) => key({ name }) >= key({ name: from }));
      return `<ListHostedZonesByNameResponse><HostedZones>${listed.map(zoneXml).join("")}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>20</MaxItems></ListHostedZonesByNameResponse>`;
    }
    if (kind === "hostedzone" && id === "")
      return `<ListHostedZonesResponse><HostedZones>${zones.map(zoneXml).join("")}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>`;
    if (kind === "change") {
      const left = looks.get(id) ?? 0;
      looks.set(id, left - 1);
      return `<GetChangeResponse><ChangeInfo><Id>/change/${id}</Id><Status>${left > 0 ? "PENDING" : "INSYNC"}</Status><SubmittedAt>2026-11-25T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>`;
    }
    const zone = zones.find((one) => one.id === id);
    if (kind !== "hostedzone" || zone === undefined || rest?.startsWith("rrset") !== true)
      throw new Refused("NoSuchHostedZone", `No hosted zone found with ID: ${id}`);
    if (method === "GET") {
      const name = url.searchParams.get("name");
      const type = url.searchParams.get("type") ?? "";
      const listed = zone.sets.filter(
        (one) =>
          name === null || key(one) > key({ name }) || (key(one) === key({ name }) && one.type >= type),
      );
      const next = listed[pageSize];
      const more =
        next === undefined
          ? "<IsTruncated>false</IsTruncated>"
          : `<IsTruncated>true</IsTruncated><NextRecordName>${xml(next.name)}</NextRecordName><NextRecordType>${next.type}</NextRecordType>`;
      return `<ListResourceRecordSetsResponse><ResourceRecordSets>${listed.slice(0, pageSize).map(setXml).join("")}</ResourceRecordSets>${more}<MaxItems>${pageSize}</MaxItems></ListResourceRecordSetsResponse>`;
    }
    const parsed = parser.parse(text) as {
      ChangeResourceRecordSetsRequest: {
        ChangeBatch: { Changes: { Change: readonly { Action: string; ResourceRecordSet: XmlSet }[] } };
      };
    };
    const { Change } = parsed.ChangeResourceRecordSetsRequest.ChangeBatch.Changes;
    const changes = Change.map(({ Action, ResourceRecordSet }) => ({
      action: Action,
      set: storedOf(ResourceRecordSet),
    }));
    zone.sets = changed(zone.sets, zone, changes);
    const change = `C${looks.size}`;
    looks.set(change, 2);
    return `<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/${change}</Id><Status>PENDING</Status><SubmittedAt>2026-11-25T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`;
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const send = (status: number, body: string): void => {
        response.writeHead(status, { "content-type": "text/xml" });
        response.end(`<?xml version="1.0"?>${body}`);
      };
      try {
        if (request.method === "POST") strict.onChange();
        const body = answer(request.method ?? "", new URL(request.url ?? "/", "http://x"), text);
        if (request.method === "POST" && losing) {
          losing = false;
          return void request.socket.destroy();
        }
        return send(200, body);
      } catch (error) {
        const { code, message } =
          error instanceof Refused ? error : new Refused("InternalFailure", String(error));
        return send(
          code === "NoSuchHostedZone" ? 404 : 400,
          `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${xml(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const zoneOf = (name: string): Zone => {
    const zone = zones.find((one) => one.name === `${name}.`);
    if (zone === undefined) throw new TypeError(`no zone ${name}`);
    return zone;
  };
  const strict: StrictRoute53 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sets: (zone) => zoneOf(zone).sets,
    onChange: () => {},
    loseAnswer: () => void (losing = true),
    put(zone, set) {
      const own = zoneOf(zone);
      own.sets = [...own.sets.filter((one) => !isSame(one, set)), set].sort(before);
    },
    changes: () => looks.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return strict;
}
