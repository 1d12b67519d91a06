import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateRoleCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { defined, type Environment, mapped, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { throughFront } from "../support/azure-client.ts";
import { testAuthority } from "../support/certificates.ts";
import { startIssuer } from "../support/issuer-server.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { readOptions } from "./options.ts";
import type { VendorName } from "./recording.ts";
import type { Send } from "./vendor.ts";
import { openRun, type Run } from "./wiring.ts";

type Reply = Awaited<ReturnType<Send>>;

/** A run of the recorder against a stand-in. */
export interface StandInRun extends Run {
  /** What it has said. */
  readonly lines: readonly string[];
}

/** The stand-ins of all three vendors, with things in them that are none of the recorder's. */
export interface StandInVendors {
  /** All that went over the wire, in plain text. */
  readonly traffic: string[];
  /** Called with the address of each request, before it is made. */
  onSend: (url: string) => void;
  /** Called with each answer, which may be changed. */
  onReply: (url: string, reply: Reply) => Reply;
  /** The time there, in milliseconds. */
  now(): number;
  /** The folder that is served as the issuer. */
  readonly folder: string;
  /** A run as the command line puts it together; `env` has more variables. */
  run(
    vendor: VendorName,
    more?: { readonly signal?: AbortSignal; readonly env?: Environment },
  ): Promise<StandInRun>;
  /** What stands at a vendor, by its name there. */
  standing(vendor: VendorName): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What stands there before any run. */
export const theirs: Readonly<Record<VendorName, readonly string[]>> = {
  aws: ["theirs"],
  gcp: ["theirs", "theirs-account"],
  azure: ["theirs", "their-application", "their-credential"],
};

const minute = 60_000;

const plain = (body: string): string => decodeURIComponent(body.replaceAll(/%(?![0-9A-F]{2})/gu, "%25"));

export async function startStandInVendors(): Promise<StandInVendors> {
  const clock = new SwiftClock();
  const authority = await testAuthority();
  const issuer = await startIssuer(authority, { host: "record.example.test" });
  const sandbox = await startSandbox({
    clock,
    ca: authority.root,
    connectTo: issuer.connectTo,
    gcp: { unknowns: { issuerCache: minute, newKey: minute } },
    azure: { propagationMs: minute, newIssuerMs: minute, issuerCacheMs: minute },
  });
  const { gcp: google, azure, front } = sandbox;
  if (google === undefined || azure === undefined || front === undefined)
    throw new TypeError("the sandbox has not all three clouds");
  const iam = new IAMClient({ region: "eu-central-1", endpoint: sandbox.url, credentials: sandbox.admin });
  google.seed({ pools: [{ id: "theirs" }], serviceAccounts: [{ id: "theirs-account" }] });
  const theirCredential = { name: "their-credential", issuer: issuer.issuer, subject: "theirs" };
  await azure.seed({
    identities: [{ name: "theirs" }],
    applications: [{ name: "their-application", credentials: [theirCredential] }],
  });
  const application = azure.clients().find(({ name }) => name === "their-application")?.objectId ?? "";
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: sandbox.account } }],
  });
  await iam.send(
    new CreateRoleCommand({ RoleName: "theirs", Path: "/podtrust-record/", AssumeRolePolicyDocument }),
  );
  const folder = await mkdtemp(join(tmpdir(), "podtrust-record-stand-in-"));
  const fileOf = (path: string): Promise<string | undefined> =>
    readFile(join(folder, path), "utf8").catch(() => undefined);
  for (const path of ["/.well-known/openid-configuration", "/openid/v1/jwks"])
    issuer.pages.set(path, (_request, response) => {
      void fileOf(path).then((text) =>
        response.writeHead(text === undefined ? 404 : 200, { "content-type": "application/json" }).end(text),
      );
    });

  const ask: Send = async (url, { method, headers = {}, body }) => {
    if (url.startsWith(`${issuer.issuer}/`)) {
      const text = await fileOf(url.slice(issuer.issuer.length));
      return { status: text === undefined ? 404 : 200, text: text ?? "" };
    }
    // Google's stand-in answers at an address of its own as well, which spares each call its TLS.
    const direct = url.replace(/^https:\/\/[a-z]+\.googleapis\.com/u, google.url);
    if (direct.startsWith("http:")) {
      const response = await fetch(direct, { method, headers, ...defined({ body }) });
      return { status: response.status, text: await response.text() };
    }
    const isForm = headers["content-type"] === "application/x-www-form-urlencoded";
    const sent = defined({
      body: mapped(body, (value) => (isForm ? new URLSearchParams(value) : recordOf(JSON.parse(value)))),
    });
    const reply = await throughFront(front, url, { method, headers, ...sent });
    return { status: reply.status, text: JSON.stringify(reply.body) };
  };
  const vendors: StandInVendors = {
    traffic: [],
    onSend: () => undefined,
    onReply: (_url, reply) => reply,
    folder,
    now: () => clock.now(),
    async run(vendor, { signal = new AbortController().signal, env = {} } = {}) {
      const lines: string[] = [];
      const options = readOptions([vendor, "--yes-this-costs", "--max-wait", "10", ...flags[vendor]()]);
      const say = (line: string): void => void lines.push(line);
      const tokens = { ...(await tokensOf()), ...env };
      const host = { env: tokens, clock, signal, say, once, iam: () => iam, sts: sandbox.url };
      return { lines, ...(await openRun(options, host)) };
    },
    standing: (vendor) => standing[vendor](),
    async close() {
      iam.destroy();
      await sandbox.close();
      await issuer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const once: Send = async (url, sent) => {
    vendors.onSend(url);
    const reply = vendors.onReply(url, await ask(url, sent));
    vendors.traffic.push(url, JSON.stringify(sent.headers ?? {}), plain(sent.body ?? ""), reply.text);
    return reply;
  };

  const tokenFor = async (host: string): Promise<string> => {
    const { clientId, clientSecret } = azure.admin;
    const scope = `https://${host}/.default`;
    const form = {
      client_id: clientId,
      client_secret: clientSecret,
      scope,
      grant_type: "client_credentials",
    };
    const url = `https://login.microsoftonline.com/${azure.tenant}/oauth2/v2.0/token`;
    const { body } = await throughFront(front, url, { method: "POST", body: new URLSearchParams(form) });
    return String(body["access_token"]);
  };
  const tokensOf = async (): Promise<Record<string, string>> => ({
    GOOGLE_OAUTH_ACCESS_TOKEN: google.adminToken,
    AZURE_ACCESS_TOKEN: await tokenFor("management.azure.com"),
    AZURE_GRAPH_TOKEN: await tokenFor("graph.microsoft.com"),
  });
  const served = ["--issuer", issuer.issuer, "--documents", folder];
  const flags: Readonly<Record<VendorName, () => readonly string[]>> = {
    aws: () => ["--region", "eu-central-1", ...served],
    gcp: () => ["--project", google.project, "--project-number", google.projectNumber, ...served],
    azure() {
      const { tenant, subscription } = azure;
      const account = {
        tenant,
        subscription,
        "resource-group": "podtrust",
        location: "westeurope",
        application,
      };
      return [...Object.entries(account).flatMap(([name, value]) => [`--${name}`, value]), ...served];
    },
  };

  const listed = async (path: string, key: string, name: string): Promise<readonly string[]> => {
    const headers = { authorization: `Bearer ${google.adminToken}` };
    const answer: unknown = await (await fetch(`${google.url}/v1/${path}`, { headers })).json();
    return recordsOf(recordOf(answer)[key]).map((one) => String(one[name]).replace(/^.*\/|@.*$/gu, ""));
  };
  const standing: Readonly<Record<VendorName, () => Promise<readonly string[]>>> = {
    async aws() {
      const { Roles = [] } = await iam.send(new ListRolesCommand({}));
      const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
      return [
        ...Roles.map(({ RoleName = "" }) => RoleName),
        ...OpenIDConnectProviderList.map(({ Arn = "" }) => Arn),
      ];
    },
    gcp: async () => [
      ...(await listed(
        `projects/${google.projectNumber}/locations/global/workloadIdentityPools`,
        "workloadIdentityPools",
        "name",
      )),
      ...(await listed(`projects/${google.project}/serviceAccounts`, "accounts", "email")),
    ],
    async azure() {
      const headers = { authorization: `Bearer ${await tokenFor("graph.microsoft.com")}` };
      const url = `https://graph.microsoft.com/v1.0/applications/${application}/federatedIdentityCredentials`;
      const { body } = await throughFront(front, url, { headers });
      const clients = azure.clients().map(({ name }) => name);
      return [...clients, ...recordsOf(body["value"]).map(({ name }) => String(name))];
    },
  };
  return vendors;
}
