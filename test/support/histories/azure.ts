import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defined, type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import type * as operating from "../../../src/operator/bindings/azure/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { type StandInCluster, startStandInCluster } from "../../../src/sandbox/cluster/index.ts";
import { type AzureStackWorld, audience, azureStackWorld } from "../../azure/stack-world.ts";
import { type FrontReply, throughFront } from "../azure-client.ts";
import { MovedClock } from "../bindings/pass-world.ts";
import { testAuthority } from "../certificates.ts";
import { type IssuerServer, startIssuer } from "../issuer-server.ts";
import { people } from "./events.ts";
import { HttpRelay } from "./http-relay.ts";
import type { RightsByOne, HistoryParty, PartySpecs, Vendor } from "./vendor.ts";

/** Resource groups, by the names that a trust has for them. */
const groups: Readonly<Record<string, string>> = { shared: "podtrust", teams: "teams" };
const groupNames = Object.keys(groups);

const grants: readonly JsonRecord[] = [
  { name: "shop", namespaces: ["shop"], identities: ["web", "report"] },
  { name: "all", namespaces: ["*"], identities: ["*"] },
  { name: "make", namespaces: ["*"], create: true },
  { name: "few", namespaces: ["*"], create: true, maxIdentities: 1 },
];

const specs: readonly ((group: string) => JsonRecord)[] = [
  ...["web", "report", "prod_shop_web", "prod_evil_web"].map((name) => (group: string) => ({
    existing: { name, group },
  })),
  (group) => ({ managed: { group } }),
  // Of neither kind: nobody takes it.
  () => ({}),
];

const managedName = (who: string): string => `prod_${who.replace("/", "_")}`;
const placed = (place: number): readonly string[] =>
  place === 2 ? groupNames : groupNames.slice(place, place + 1);

/** Whether an identity's name is one that podtrust made for a binding, and whose. */
const madeFor = (name: string): string | undefined => people.find((who) => managedName(who) === name);

/** A tenant of the sandbox's with two resource groups, and an operator that is its administrator. */
class AzureVendor implements Vendor, PartySpecs {
  readonly clock = new MovedClock();
  onCall: Vendor["onCall"] = () => Promise.resolve("done");
  onDone: Vendor["onDone"] = () => Promise.resolve();
  readonly #world: AzureStackWorld;
  readonly #issuer: IssuerServer;
  readonly #cluster: StandInCluster;
  readonly #relay: HttpRelay;
  readonly #behind: string;
  #address = "";
  #admin = "";
  /** `GROUP/NAME` of identities whose tags a person took away: nobody knows for whom they were made. */
  readonly #stripped = new Set<string>();

  constructor(world: AzureStackWorld, issuer: IssuerServer, cluster: StandInCluster) {
    this.#world = world;
    this.#issuer = issuer;
    this.#cluster = cluster;
    this.#behind = new URL(world.env["AZURE_AUTHORITY_HOST"] ?? "").origin;
    this.#relay = new HttpRelay(this.#behind, {
      callOf(method, path) {
        const [, group = "", name] =
          /resourceGroups\/([^/]+)\/.*userAssignedIdentities\/([^/?]+)/iu.exec(path) ?? [];
        if (method === "GET" || name === undefined) return undefined;
        return { text: `${method} ${path}`, of: `${group}/${name}`.toLowerCase() };
      },
      refusal: { error: { code: "AuthorizationFailed", message: "not now" } },
      of: () => this,
    });
  }

  async listen(): Promise<this> {
    this.#address = await this.#relay.listen();
    return this;
  }

  readonly mint: Vendor["mint"] = (namespace, name, audiences) =>
    Promise.resolve(this.#cluster.createToken({ namespace, name, audiences }));

  async reset(): Promise<void> {
    this.#stripped.clear();
    const names = ["web", "report"];
    const identities = Object.values(groups).flatMap((resourceGroup) =>
      names.map((name) => ({ name, resourceGroup })),
    );
    await this.#world.reset({ identities });
    this.#admin = await this.#world.token();
  }

  async operate(...[tools, load]: Parameters<Vendor["operate"]>) {
    const { reconcilingIdentities } = (await load("azure/index.ts")) as typeof operating;
    const env: Record<string, string> = {};
    for (const [key, value] of Object.entries(this.#world.env))
      env[key] = value.replace(this.#behind, this.#address);
    return reconcilingIdentities(tools, env);
  }

  trustSpec(_name: string, of: readonly number[], place: number): JsonRecord {
    const { subscription, tenant } = this.#world.azure;
    const names = placed(place);
    return {
      stack: "prod",
      issuer: this.#issuer.issuer,
      tenant,
      groups: names.map((name) => ({ name, subscription, resourceGroup: groups[name] })),
      grants: of.map((index) => ({ ...grants[index], groups: names })),
    };
  }

  bindingSpec(spec: number, place: number): JsonRecord {
    return specs[spec]?.(groupNames[place % 2] ?? "") ?? {};
  }

  named({ identities }: JsonRecord): readonly string[] {
    return recordsOf(identities)
      .filter(({ credential }) => credential !== undefined)
      .map(({ id }) => this.#placeOf(String(id)));
  }

  #placeOf(id: string): string {
    const [, group = "", name = ""] = /resourceGroups\/([^/]+)\/.*\/([^/]+)$/iu.exec(id) ?? [];
    return `${group}/${name}`.toLowerCase();
  }

  #arm(method: string, path: string, body?: object): Promise<FrontReply> {
    const [group = "", ...below] = path.split("/");
    const url = this.#world.arm(below.length === 0 ? "" : `/${below.join("/")}`);
    const full = `${url.replace("/resourceGroups/podtrust/", `/resourceGroups/${group}/`)}?api-version=2024-11-30`;
    const headers = { authorization: `Bearer ${this.#admin}` };
    return throughFront(this.#world.azure.front, full, {
      method,
      headers,
      ...defined({ body }),
    });
  }

  /** Whether Entra gives a ServiceAccount a token of an identity. */
  async #becomes(who: string, clientId: string): Promise<boolean> {
    const [namespace = "", name = ""] = who.split("/");
    const form = new URLSearchParams({
      client_id: clientId,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: await this.mint(namespace, name, [audience]),
      scope: "https://management.azure.com/.default",
      grant_type: "client_credentials",
    });
    const url = `https://login.microsoftonline.com/${this.#world.azure.tenant}/oauth2/v2.0/token`;
    const { status } = await throughFront(this.#world.azure.front, url, { method: "POST", body: form });
    return status === 200;
  }

  #isAllowed(trust: JsonRecord, who: string, what: string): boolean {
    const [namespace] = who.split("/");
    const [group = "", name = ""] = what.split("/");
    const place = groupNames.find((one) => groups[one] === group);
    const owner = this.#stripped.has(what) ? undefined : madeFor(name);
    return recordsOf(trust["grants"]).some(
      ({ namespaces, identities = [], create, groups: ofGrant }) =>
        [namespace, "*"].some((one) => (namespaces as readonly unknown[]).includes(one)) &&
        (ofGrant as readonly unknown[]).includes(place) &&
        (owner === undefined || owner === who) &&
        ((create === true && managedName(who) === name) ||
          ["*", name].some((one) => (identities as readonly unknown[]).includes(one))),
    );
  }

  async #identities(group: string): Promise<readonly string[]> {
    const { body } = await this.#arm("GET", group);
    return recordsOf(body["value"]).map(({ name }) => `${group}/${String(name)}`.toLowerCase());
  }

  async held(of?: string): Promise<readonly RightsByOne[]> {
    const every = async (): Promise<readonly string[]> =>
      (await Promise.all(Object.values(groups).map((one) => this.#identities(one)))).flat();
    const found = (of === undefined ? await every() : [of]).map(async (what) => {
      const { body } = await this.#arm("GET", what);
      const { clientId } = recordOf(body["properties"]);
      if (typeof clientId !== "string") return [];
      const held = people.map(async (who): Promise<RightsByOne> => {
        const rights = new Set((await this.#becomes(who, clientId)) ? ["become it"] : []);
        const isWithin = (trusts: readonly JsonRecord[]): boolean =>
          rights.size === 0 || trusts.some((trust) => this.#isAllowed(trust, who, what));
        return { who, what, of: what, rights, isWithin };
      });
      return Promise.all(held);
    });
    return (await Promise.all(found)).flat();
  }

  async #strip(what: string, location: unknown): Promise<void> {
    this.#stripped.add(what);
    await this.#arm("PUT", what, { location, tags: {} });
  }

  async #drop(what: string): Promise<void> {
    const list = `${what}/federatedIdentityCredentials`;
    const { body } = await this.#arm("GET", list);
    for (const one of recordsOf(body["value"])) await this.#arm("DELETE", `${list}/${String(one["name"])}`);
  }

  /** A person does something to the identities that are a ServiceAccount's by their name, or may be. */
  async deed(deed: string, who: string): Promise<void> {
    const [, name = ""] = who.split("/");
    const all = Object.values(groups).flatMap((group) => [
      `${group}/${managedName(who)}`,
      `${group}/${name}`,
    ]);
    for (const what of all) {
      const { status, body } = await this.#arm("GET", what);
      if (status !== 200) continue;
      if (deed === "strip") await this.#strip(what, body["location"]);
      else await this.#drop(what);
      if (deed === "delete") await this.#arm("DELETE", what);
    }
  }

  readonly settleLate = (): Promise<void> => this.#relay.settle();

  async close(): Promise<void> {
    await this.#relay.close();
    await this.#cluster.close();
    await this.#world.close();
    await this.#issuer.close();
  }
}

/** Azure: two trusts of one stack, two resource groups that come and go, identities of others and identities that are made. */
export const azureHistories: HistoryParty = {
  kinds: { binding: "AzureIdentityBinding", trust: "AzureTrust" },
  trustPlaces: [2, 0, 1],
  places: 2,
  grants: grants.length,
  specs: specs.length,
  deeds: ["strip", "drop", "delete"],
  looks: { minutes: 4.8, count: 4 },
  async start() {
    const authority = await testAuthority();
    const issuer = await startIssuer(authority);
    const { connectTo } = issuer;
    const world = await azureStackWorld({
      issuer: issuer.issuer,
      connectTo,
      ca: authority.root,
      resourceGroups: Object.values(groups),
      issuerCacheMs: 3_600_000,
    });
    const cluster = await startStandInCluster({ issuer: issuer.issuer, algorithm: "RS256" });
    const kubeconfig = join(world.folder, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const { jwks } = await (await openKubernetes({ kubeconfig })).oidcDocuments();
    issuer.publish(recordsOf(recordOf(JSON.parse(jwks.toString()))["keys"]));
    return new AzureVendor(world, issuer, cluster).listen();
  },
};
