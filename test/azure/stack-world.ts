import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defined, isRecord } from "../../src/core/base/index.ts";
import type { Host } from "../../src/cli/index.ts";
import {
  type AzureSeed,
  type StandInAzureAlone,
  type StandInAzureOptions,
  startStandInAzure,
} from "../../src/sandbox/azure.ts";
import { type FrontReply, throughFront } from "../support/azure-client.ts";
import { type AzureRelay, startAzureRelay } from "../support/azure-relay.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import type { Shown } from "../support/stack-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";

export const audience = "api://AzureADTokenExchange";
export const issuer = "https://oidc.example.com";
export const subjectOf = (account: string): string => `system:serviceaccount:${account.replace("/", ":")}`;

/** A federated credential as the stand-in has it. */
export interface Standing {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly description?: string;
}

/** The sandbox's Azure, a folder with a config of it, and the command line. */
export interface AzureStackWorld {
  readonly azure: StandInAzureAlone;
  readonly relay: AzureRelay;
  readonly folder: string;
  readonly clock: SwiftClock;
  /** The variables of a shell with the administrator's secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes podtrust.yaml with these identities; `more`: lines of the section, `head`: of the config. */
  config(identities: string, more?: string, head?: string): Promise<void>;
  /** Writes more behind what podtrust.yaml has. */
  append(text: string): Promise<void>;
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  /** The same where it has to succeed; gives what it said. */
  must(args: readonly string[], host?: Partial<Host>): Promise<string>;
  json(args: readonly string[]): Promise<{ readonly code: number | null; readonly result: Shown }>;
  /** What a plan would change, without the subscription and the group. */
  planned(...args: string[]): Promise<readonly string[]>;
  /** Asks Resource Manager or Graph as the administrator, past the relay. */
  ask(method: string, url: string, body?: object): Promise<FrontReply>;
  /** An access token of the administrator for Resource Manager. */
  token(): Promise<string>;
  /** An address of the group's identities. */
  arm(path?: string): string;
  /** The federated credentials of an identity, or of an application by its client id. */
  credentials(of: string): Promise<readonly Standing[]>;
  identities(): Promise<
    readonly { readonly name: string; readonly tags: Readonly<Record<string, string>> }[]
  >;
  /** All that stands, as `web` and `web shop/web`. */
  standing(): Promise<readonly string[]>;
  /** The client id of an identity or application. */
  clientId(name: string): string;
  /** Empties the tenant, and seeds it anew. */
  reset(seed?: AzureSeed): Promise<void>;
  close(): Promise<void>;
}

const version = "api-version=2024-11-30";

/** Clouds by the names that the config has for them, and the stand-in's. */
const clouds = {
  public: {
    standIn: "public",
    login: "login.microsoftonline.com",
    management: "management.azure.com",
    graph: "graph.microsoft.com",
  },
  usgov: {
    standIn: "usGov",
    login: "login.microsoftonline.us",
    management: "management.usgovcloudapi.net",
    graph: "graph.microsoft.us",
  },
  china: {
    standIn: "china",
    login: "login.chinacloudapi.cn",
    management: "management.chinacloudapi.cn",
    graph: "microsoftgraph.chinacloudapi.cn",
  },
} as const;

export interface AzureWorldOptions extends Pick<
  StandInAzureOptions,
  "ca" | "connectTo" | "issuerCacheMs" | "resourceGroups" | "writeMs"
> {
  readonly cloud?: keyof typeof clouds;
  /** The config's issuer, where Entra is to read it: by `connectTo` and `ca`. */
  readonly issuer?: string;
}

/** Starts it all, without delays. */
export async function azureStackWorld(options: AzureWorldOptions = {}): Promise<AzureStackWorld> {
  const { cloud = "public", issuer: ofConfig = issuer, ...route } = options;
  const { standIn, ...hosts } = clouds[cloud];
  const times = { propagationMs: 0, newIssuerMs: 0, issuerCacheMs: 0, writeMs: 0 };
  const azure = await startStandInAzure({ ...times, ...route, cloud: standIn });
  const relay = await startAzureRelay(azure.front, hosts);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-azure-stack-"));
  const secretFile = join(folder, "secret");
  await writeFile(secretFile, `${azure.admin.clientSecret}\n`);
  const clock = new SwiftClock();
  const env = {
    ...relay.environment,
    AZURE_CLIENT_ID: azure.admin.clientId,
    AZURE_CLIENT_SECRET_FILE: secretFile,
  };
  const arm = (path = ""): string =>
    `https://${hosts.management}/subscriptions/${azure.subscription}/resourceGroups/podtrust/providers/Microsoft.ManagedIdentity/userAssignedIdentities${path}`;
  const tokenFor = async (hostname: string): Promise<string> => {
    const form = new URLSearchParams({
      client_id: azure.admin.clientId,
      client_secret: azure.admin.clientSecret,
      scope: `https://${hostname}/.default`,
      grant_type: "client_credentials",
    });
    const token = `https://${hosts.login}/${azure.tenant}/oauth2/v2.0/token`;
    const granted = await throughFront(azure.front, token, { method: "POST", body: form });
    return String(granted.body["access_token"]);
  };
  const ask: AzureStackWorld["ask"] = async (method, url, body) => {
    const { hostname } = new URL(url);
    const authorization = `Bearer ${await tokenFor(hostname)}`;
    const full = hostname === hosts.management ? `${url}?${version}` : url;
    return throughFront(azure.front, full, {
      method,
      headers: { authorization },
      ...defined({ body }),
    });
  };
  const podtrust: AzureStackWorld["podtrust"] = (args, host = {}) =>
    podtrustHere(args, { cwd: folder, clock, env, ...host });
  const json: AzureStackWorld["json"] = async (args) => {
    const { code, out, err } = await podtrust([...args, "--json"]);
    const value: unknown = JSON.parse(out);
    assert.ok(isRecord(value), err);
    return { code, result: value as unknown as Shown };
  };
  const credentials: AzureStackWorld["credentials"] = async (of) => {
    const isApplication = /^[0-9a-f-]{36}$/u.test(of);
    const url = isApplication
      ? `https://${hosts.graph}/v1.0/applications(appId='${of}')/federatedIdentityCredentials`
      : arm(`/${of}/federatedIdentityCredentials`);
    const { body } = await ask("GET", url);
    const found = body["value"] as readonly { readonly name: string; readonly properties?: object }[];
    return found.map((one) => ({ ...one, ...one.properties }) as unknown as Standing);
  };
  const identities: AzureStackWorld["identities"] = async () =>
    (await ask("GET", arm())).body["value"] as Awaited<ReturnType<AzureStackWorld["identities"]>>;
  return {
    azure,
    relay,
    folder,
    clock,
    env,
    podtrust,
    json,
    ask,
    token: () => tokenFor(hosts.management),
    arm,
    credentials,
    identities,
    config: (list, more = "", head = "") =>
      writeFile(
        join(folder, "podtrust.yaml"),
        `stack: prod
identity: 3f2a91bc
issuer: ${ofConfig}
${head}azure:
  - tenant: ${azure.tenant}
    subscription: ${azure.subscription}
    resourceGroup: podtrust
    cloud: ${cloud}
${more}    identities:
${list.replaceAll(/^(?=.)/gmu, "      ")}`,
      ),
    append: (text) => appendFile(join(folder, "podtrust.yaml"), text),
    async must(args, host = {}) {
      const { code, out, err } = await podtrust(args, host);
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
      return out + err;
    },
    async planned(...args) {
      const { result } = await json(["plan", ...args]);
      return result.changes
        .filter(({ kind }) => kind !== "none")
        .map(({ id, kind }) => `${kind} ${id.replace(/^azure\/[^/]+\/podtrust\//u, "")}`);
    },
    async standing() {
      const all = await identities();
      const below = await Promise.all(
        all.map(async ({ name }) =>
          (await credentials(name)).map(
            ({ subject }) => `${name} ${subject.replace("system:serviceaccount:", "").replace(":", "/")}`,
          ),
        ),
      );
      return [...all.map(({ name }) => name), ...below.flat()].toSorted();
    },
    clientId: (name) => azure.clients().find((one) => one.name === name)?.clientId ?? "",
    async reset(seed = {}) {
      azure.reset();
      await azure.seed(seed);
      relay.calls.splice(0);
      relay.grants.splice(0);
      relay.onCall = () => "answered";
      relay.answer = () => undefined;
      relay.grantAnswer = undefined;
    },
    async close() {
      await relay.close();
      await azure.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
