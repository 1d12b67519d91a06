import { defined, epochSeconds, errorText, isRecord, type JsonRecord } from "../../core/base/index.ts";
import { type HttpResponse, request } from "../../core/http/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { oneLine } from "./answer.ts";
import type { ClusterEnvironment } from "./environment.ts";
import { bearer, credentialFault, type Credentials, dataOrFile, type Identity } from "./identity.ts";
import { type KubeconfigContext, mapping, text } from "./kubeconfig.ts";
import { renewedByItself } from "./sent-credential.ts";

/** What the provider gave: the token that is shown to clusters, and the one that renews it. */
interface Tokens {
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
  /** It came from the provider just now, so that asking again would not give another. */
  readonly renewed: boolean;
}

const maxComplaint = 200;

/** Whether an ID token is still valid for a moment; what is no JWT never is. */
function isValid(idToken: string, now: number): boolean {
  try {
    return Number(parseJws(idToken).claims["exp"]) > now;
  } catch {
    return false;
  }
}

function jsonOf(what: string, { status, body }: HttpResponse): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    value = undefined;
  }
  const answer = isRecord(value) ? value : {};
  // RFC 6749 §5.2: a code, and perhaps a sentence.
  const said = [text(answer, "error"), text(answer, "error_description")].filter((one) => one !== undefined);
  if (status !== 200)
    throw new Error(oneLine(`${what} answers ${[status, ...said].join(": ")}`, maxComplaint));
  if (!isRecord(value)) throw new Error(`${what} does not answer with a JSON object`);
  return answer;
}

/** How a client authenticates: a header, and fields of the form. */
interface ClientProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** RFC 6749 §2.3.1: in the header, the standard's default, or in the body where the provider takes that alone. */
function clientProof(client: string, secret: string | undefined, methods: unknown): ClientProof {
  if (secret === undefined) return { headers: {}, form: { client_id: client } };
  if (Array.isArray(methods) && !methods.includes("client_secret_basic"))
    return { headers: {}, form: { client_id: client, client_secret: secret } };
  // Both parts are form-encoded before they are joined.
  const pair = [client, secret].map((part) => new URLSearchParams([["", part]]).toString().slice(1));
  const authorization = `Basic ${Buffer.from(pair.join(":")).toString("base64")}`;
  return { headers: { authorization }, form: {} };
}

/** The provider of a kubeconfig's user (https://openid.net/specs/openid-connect-discovery-1_0.html). */
class Provider {
  readonly #context: KubeconfigContext;
  readonly #config: JsonRecord;

  constructor(context: KubeconfigContext) {
    this.#context = context;
    this.#config = mapping(mapping(context.user.values, "auth-provider") ?? {}, "config") ?? {};
  }

  /** What the kubeconfig holds. */
  tokens(): Tokens {
    return {
      idToken: text(this.#config, "id-token"),
      refreshToken: text(this.#config, "refresh-token"),
      renewed: false,
    };
  }

  #ca(): Promise<string | undefined> {
    return dataOrFile({ ...this.#context.user, values: this.#config }, "idp-certificate-authority");
  }

  async #discovered(issuer: string, ca: { readonly ca?: string }): Promise<JsonRecord> {
    const url = `${issuer.endsWith("/") ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`;
    const found = jsonOf(url, await request(url, ca));
    if (found["issuer"] !== issuer) throw new Error(`${url} is of another issuer`);
    return found;
  }

  /** New tokens for the refresh token; undefined where the kubeconfig does not say how. */
  async renewed(refreshToken: string): Promise<Tokens | undefined> {
    const issuer = text(this.#config, "idp-issuer-url");
    const client = text(this.#config, "client-id");
    if (issuer === undefined || client === undefined) return undefined;
    const pem = await this.#ca();
    const ca = defined({ ca: pem });
    const found = await this.#discovered(issuer, ca);
    const endpoint = text(found, "token_endpoint") ?? "";
    const secret = text(this.#config, "client-secret");
    const proof = clientProof(client, secret, found["token_endpoint_auth_methods_supported"]);
    const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
    const options = {
      ...ca,
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        ...proof.headers,
      },
      body: new URLSearchParams({ ...grant, ...proof.form }).toString(),
    };
    const answer = jsonOf(endpoint, await request(endpoint, options));
    const idToken = text(answer, "id_token");
    if (idToken === undefined) throw new Error(`${endpoint} gives no id_token`);
    return { idToken, refreshToken: text(answer, "refresh_token") ?? refreshToken, renewed: true };
  }
}

/**
 * Credentials of the auth-provider `oidc`, as kubectl has it: its id-token, renewed by its refresh-token
 * (https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens). The kubeconfig is not written to.
 *
 * `identity` throws PodtrustError `cluster-credentials`.
 */
export function oidcCredentials(context: KubeconfigContext, { clock }: ClusterEnvironment): Credentials {
  const what = `auth-provider oidc of kubeconfig user ${context.user.name}`;
  const provider = new Provider(context);
  let tokens = provider.tokens();
  let renewing: Promise<Tokens | undefined> | undefined;
  const shown = ({ idToken, refreshToken }: Tokens): Identity | undefined => {
    if (idToken === undefined || !isValid(idToken, epochSeconds(clock))) return undefined;
    const { headers, sent } = bearer(what, idToken);
    return { headers, sent: refreshToken === undefined ? sent : renewedByItself(sent) };
  };
  return {
    async identity() {
      const known = shown(tokens);
      if (known !== undefined) return known;
      const { refreshToken } = tokens;
      try {
        // A refresh token may be good for one use: concurrent callers wait for the same answer.
        if (refreshToken !== undefined)
          renewing ??= provider.renewed(refreshToken).finally(() => (renewing = undefined));
        tokens = (await renewing) ?? tokens;
      } catch (error) {
        throw credentialFault(what, `it could not be renewed: ${errorText(error)}`, error);
      }
      const fresh = shown(tokens);
      if (fresh !== undefined) return fresh;
      throw credentialFault(what, "it has no id-token that is still valid");
    },
    refused() {
      // The cluster's clock may be ahead of ours.
      if (!tokens.renewed) tokens = { ...tokens, idToken: undefined };
    },
  };
}
