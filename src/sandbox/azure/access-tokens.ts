import { generateKeyPair, type KeyObject, randomUUID, sign } from "node:crypto";
import { promisify } from "node:util";
import { PodtrustError, base64urlJson } from "../../core/base/index.ts";
import { publicJwk, type PublicJwk, verifyJws } from "../../rules/keys/index.ts";
import { tried } from "../../rules/judge/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";

const generate = promisify(generateKeyPair);

/** The principal of an access token. */
export interface ServicePrincipal {
  /** The application's id, or the identity's client id. */
  readonly clientId: string;
  /** Of the service principal. */
  readonly objectId: string;
}

/** An access token to be issued. Times in seconds. */
export interface TokenOrder extends ServicePrincipal {
  readonly tenant: string;
  /** `https://sts.windows.net/TENANT/` */
  readonly issuer: string;
  /** The resource, as requested. */
  readonly audience: string;
  readonly now: number;
  readonly lifetime: number;
}

interface TenantKey {
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

async function newKey(): Promise<TenantKey> {
  // Entra signs with RSA keys of this length.
  const { privateKey } = await generate("rsa", { modulusLength: 2048 });
  return { privateKey, jwk: publicJwk(privateKey) };
}

/** The access tokens of a stand-in tenant: issued when Entra's rules grant, and accepted by ARM, Graph and Key Vault. */
export class AccessTokens {
  #made: Promise<TenantKey> | undefined;

  /** Made on first use: it takes a tenth of a second. */
  get #key(): Promise<TenantKey> {
    return (this.#made ??= newKey());
  }

  /** In the form of `/discovery/v2.0/keys`. */
  async keySet(): Promise<{ readonly keys: readonly object[] }> {
    return { keys: [(await this.#key).jwk] };
  }

  /** The claims of a token without a user (v1.0, "Access token claims reference"). */
  async issue(order: TokenOrder): Promise<string> {
    const { jwk, privateKey } = await this.#key;
    const { tenant, issuer, audience, now, lifetime, clientId, objectId } = order;
    const header = base64urlJson({ typ: "JWT", alg: "RS256", kid: jwk.kid });
    const claims = base64urlJson({
      aud: audience,
      iss: issuer,
      iat: now,
      nbf: now,
      exp: now + lifetime,
      appid: clientId,
      appidacr: "2",
      idtyp: "app",
      oid: objectId,
      sub: objectId,
      tid: tenant,
      uti: randomUUID().replaceAll("-", ""),
      ver: "1.0",
    });
    const signature = sign("sha256", Buffer.from(`${header}.${claims}`), privateKey);
    return `${header}.${claims}.${signature.toString("base64url")}`;
  }

  /**
   * The principal of a token, if this tenant issued it for one of these resources and it is valid now; else why it is
   * refused. `now` in seconds.
   */
  async read(
    token: string,
    { audiences, now }: { readonly audiences: readonly string[]; readonly now: number },
  ): Promise<ServicePrincipal | "foreign" | "expired" | "audience"> {
    const { jwk } = await this.#key;
    const jws = tried(() => parseJws(token));
    if (jws instanceof PodtrustError || !verifyJws(jws, jwk)) return "foreign";
    const { exp, aud, appid, oid } = jws.claims;
    if (typeof exp !== "number" || exp <= now) return "expired";
    if (!audiences.some((one) => one === String(aud).replace(/\/$/u, ""))) return "audience";
    return { clientId: String(appid), objectId: String(oid) };
  }
}
