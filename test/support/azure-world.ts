import type { TestContext } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import type { AzureOptions, AzureSeed, StandInAzure } from "../../src/sandbox/azure.ts";
import { type Front, type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { type FrontReply, throughFront } from "./azure-client.ts";

export const azureAudience = "api://AzureADTokenExchange";
export const cartSubject = "system:serviceaccount:shop:cart";

/** A sandbox with a tenant in which the identity `cart` trusts the ServiceAccount cart of shop. */
export interface AzureWorld {
  readonly sandbox: Sandbox;
  readonly azure: StandInAzure;
  readonly front: Front;
  /** Of the identity `cart`. */
  readonly clientId: string;
  /** A token of shop/cart, for Entra. */
  token(audience?: string): Promise<string>;
  /** What Entra's token endpoint answers to an assertion; parameters go over those of azure-identity. */
  exchange(assertion: string, parameters?: Readonly<Record<string, string>>): Promise<FrontReply>;
  /** An access token of the administrator. */
  admin(resource?: string): Promise<string>;
  /** Asks an address as the administrator, of the resource that its host is. */
  asAdmin(
    method: string,
    url: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<FrontReply>;
}

const noDelay: AzureOptions = { propagationMs: 0, newIssuerMs: 0, issuerCacheMs: 0, writeMs: 0 };

/** Whoever was asked for and is there. */
function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError("the sandbox was started without Azure");
  return value;
}

/** The path of the identity `cart` at ARM. */
export function cartPath({ subscription }: StandInAzure): string {
  return `/subscriptions/${subscription}/resourceGroups/podtrust/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cart`;
}

export const issuerUrl = "https://oidc.podtrust.test";

export function cartSeed(more: AzureSeed = {}): AzureSeed {
  const credentials = [{ name: "cart", issuer: issuerUrl, subject: cartSubject }];
  return { identities: [{ name: "cart", credentials }], ...more };
}

/** The same, for one test. */
export async function azureWorld(t: TestContext, options: AzureOptions = {}): Promise<AzureWorld> {
  const world = await openAzureWorld(options);
  t.after(() => world.sandbox.close());
  return world;
}

/** Starts it; without delays, unless `options` say so. */
export async function openAzureWorld(options: AzureOptions = {}): Promise<AzureWorld> {
  const sandbox = await startSandbox({ azure: { ...noDelay, ...options } });
  const [azure, front] = [there(sandbox.azure), there(sandbox.front)];
  await azure.seed(cartSeed());
  const clientId = there(azure.clients().find(({ name }) => name === "cart")).clientId;
  const tokenUrl = `https://login.microsoftonline.com/${azure.tenant}/oauth2/v2.0/token`;
  const ask = (body: Readonly<Record<string, string>>): Promise<FrontReply> =>
    throughFront(front, tokenUrl, { method: "POST", body: new URLSearchParams(body) });
  const admin = async (resource = "https://management.azure.com"): Promise<string> => {
    const { clientId: id, clientSecret } = azure.admin;
    const { body } = await ask({
      client_id: id,
      client_secret: clientSecret,
      scope: `${resource}/.default`,
      grant_type: "client_credentials",
    });
    return String(body["access_token"]);
  };
  return {
    sandbox,
    azure,
    front,
    clientId,
    admin,
    async asAdmin(method, url, body, headers = {}) {
      const { hostname } = new URL(url);
      const resource = hostname.endsWith(".vault.azure.net") ? "vault.azure.net" : hostname;
      const authorization = `Bearer ${await admin(`https://${resource}`)}`;
      const call = {
        method,
        headers: { ...headers, authorization },
        ...defined({ body }),
      };
      return throughFront(front, url, call);
    },
    async token(audience = azureAudience) {
      const issuer = await sandbox.issuer();
      return issuer.token({ namespace: "shop", name: "cart", audiences: [audience] });
    },
    exchange: (assertion, parameters = {}) =>
      ask({
        client_id: clientId,
        scope: "https://vault.azure.net/.default",
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
        ...parameters,
      }),
  };
}
