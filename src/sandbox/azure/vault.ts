import { randomBytes } from "node:crypto";
import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import type { ServicePrincipal } from "./access-tokens.ts";
import {
  type Answered,
  answering,
  AzureError,
  type AzureContext,
  callerOf,
  type TokenChallenge,
  jsonOf,
} from "./service.ts";
import { keyOf, type VaultSecret, type EntraTenant } from "./tenant.ts";

/** Key Vault's challenge to a client without a token: where to get one, and for what. */
function challengeOf({ tenant }: AzureContext): TokenChallenge {
  const { login, vaults } = tenant.hosts;
  const resource = `https://${vaults}`;
  const header = `Bearer authorization="https://${login[0]}/${tenant.settings.tenant}", resource="${resource}"`;
  const texts = {
    absent: "AKV10000: Request is missing a Bearer or PoP token.",
    foreign: "AKV10032: Invalid issuer.",
    expired: "AKV10046: The token is expired.",
    audience: `AKV10022: Invalid audience. Expected ${resource}.`,
  } as const;
  return {
    audiences: [resource],
    refuse: (why) =>
      new AzureError(401, "Unauthorized", texts[why], {
        headers: { "www-authenticate": header },
        rule: "access-token",
      }),
  };
}

/** "About keys, secrets, and certificates": 1 to 127 letters, digits and dashes; a value of 25 kB. */
const nameForm = /^[0-9a-z-]{1,127}$/iu;
const maxValue = 25_600;

/** Stores a secret, replacing an earlier one. Throws AzureError. */
export function putSecret(
  { secrets }: EntraTenant,
  secret: Pick<VaultSecret, "vault" | "name" | "readers"> & { readonly value: unknown },
  now: number,
): VaultSecret {
  const { name, value } = secret;
  if (!nameForm.test(name) || typeof value !== "string" || value.length > maxValue)
    throw new AzureError(400, "BadParameter", "The name or the value of the secret is invalid.", {
      next: "A name has 1 to 127 letters, digits and dashes, and a value 25600 characters at most.",
    });
  const version = randomBytes(16).toString("hex");
  const kept = { ...secret, version, value, created: now };
  secrets.set(keyOf(secret.vault, name), kept);
  return kept;
}

function shown({ name, version, value, created }: VaultSecret, host: string): object {
  const seconds = Math.floor(created / 1000);
  return {
    value,
    id: `https://${host}/secrets/${name}/${version}`,
    attributes: { enabled: true, created: seconds, updated: seconds, recoveryLevel: "Recoverable+Purgeable" },
  };
}

function checkReader(caller: ServicePrincipal, { readers }: VaultSecret, { tenant }: AzureContext): void {
  const { clientId, objectId } = caller;
  if (clientId === tenant.admin.clientId || readers === undefined || readers.includes(clientId)) return;
  throw new AzureError(
    403,
    "Forbidden",
    `Caller is not authorized to perform action on resource. Caller: appid=${clientId};oid=${objectId};iss=https://sts.windows.net/${tenant.settings.tenant}/ Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'`,
    { rule: "readers", next: "Add the client id to `readers` of the secret's seed." },
  );
}

/** The secret that an address names. */
interface SecretRef {
  readonly of: string;
  readonly name: string;
  /** Empty: the newest. */
  readonly version: string;
}

function read(
  { host }: FrontRequest,
  ref: SecretRef,
  caller: ServicePrincipal,
  context: AzureContext,
): FrontAnswer {
  const { of, name, version } = ref;
  const secret = context.tenant.secrets.get(keyOf(of, name));
  if (secret !== undefined) checkReader(caller, secret, context);
  if (secret !== undefined && (version === "" || version === secret.version))
    return { status: 200, body: shown(secret, host) };
  throw new AzureError(
    404,
    "SecretNotFound",
    `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.`,
  );
}

function write(
  request: FrontRequest,
  ref: SecretRef,
  caller: ServicePrincipal,
  context: AzureContext,
): FrontAnswer {
  const { tenant, clock } = context;
  if (caller.clientId !== tenant.admin.clientId)
    throw new AzureError(403, "Forbidden", "Caller is not authorized to perform action on resource.", {
      rule: "administrator",
    });
  const { value } = jsonOf(request, () => new AzureError(400, "BadParameter", "The body is not JSON."));
  // A new version of a secret is for those that the secret was for (Learn, "Set Secret": who reads it is the vault's).
  const readers = tenant.secrets.get(keyOf(ref.of, ref.name))?.readers;
  const secret = { vault: ref.of, name: ref.name, value, readers };
  return { status: 200, body: shown(putSecret(tenant, secret, clock.now()), request.host) };
}

function answer(request: FrontRequest, caller: ServicePrincipal, context: AzureContext): FrontAnswer {
  const { method, host, url } = request;
  const [, name, version = ""] = /^\/secrets\/([^/]+)(?:\/([^/]*))?$/u.exec(url.pathname) ?? [];
  const act = { GET: read, PUT: write }[method];
  if (name === undefined || act === undefined)
    throw new AzureError(
      404,
      "NotImplemented",
      `podtrust sandbox: Key Vault's stand-in has no ${method} ${url.pathname.slice(0, 200)}`,
      { next: "It reads a secret, and its administrator writes one." },
    );
  if (!url.searchParams.has("api-version"))
    throw new AzureError(400, "BadParameter", "podtrust sandbox: the api-version is missing.");
  return act(request, { of: host.split(".", 1)[0] ?? "", name, version }, caller, context);
}

/** Answers like a Key Vault from which single secrets are read. `readers` may read: Azure's roles are not modelled. */
export function vault(request: FrontRequest, context: AzureContext): Promise<Answered> {
  let who: string | undefined;
  return answering(
    () => who,
    async () => {
      const caller = await callerOf(request, context, challengeOf(context));
      who = caller.clientId;
      return answer(request, caller, context);
    },
  );
}
