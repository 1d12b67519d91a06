import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type JwtRole, type LoginFacts, loginRefusal } from "../../src/rules/openbao/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import type { IssuerDocuments } from "../../src/rules/judge/index.ts";

/** What a server in the tests' own process is like. */
export interface OpenBaoStandInOptions {
  readonly mount: string;
  readonly description: string;
  readonly issuer: string;
  readonly roles: Readonly<Record<string, JwtRole>>;
  /** What the issuer serves now. Throws where it cannot be reached. */
  readonly fetch: () => Promise<IssuerDocuments>;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

/**
 * The few paths of OpenBao that a withdrawal needs, judged by `rules/openbao`. It keeps the set that it has fetched, and fetches
 * again only for a token that no key in it verifies (go-oidc, RemoteKeySet.verify: "If the kid doesn't match, check for
 * new keys from the remote"), or once its config is written (openbao, builtin/credential/jwt, pathConfigWrite: `b.reset()`).
 * test/peers/openbao-withdrawal.test.ts asks the real server the same questions.
 */
export interface OpenBaoStandIn {
  readonly address: string;
  /** `POST auth/podtrust/config`, in order. */
  readonly calls: string[];
  readonly config: Record<string, unknown>;
  close(): Promise<void>;
}

/** The token that may do everything. */
export const standInToken = "root";

const said = (text: string): string => `error validating token: error verifying token signature: ${text}`;

export async function startOpenBaoStandIn(options: OpenBaoStandInOptions): Promise<OpenBaoStandIn> {
  const { mount, description, issuer, roles } = options;
  const config: Record<string, unknown> = {
    bound_issuer: issuer,
    oidc_discovery_url: issuer,
    oidc_discovery_ca_pem: "",
    oidc_client_id: "",
    jwt_supported_algs: [],
    provider_config: {},
    namespace_in_state: true,
    status: "valid",
  };
  const calls: string[] = [];
  let kept: IssuerDocuments | undefined;

  const refusalOf = async ({
    role = "",
    jwt = "",
  }: {
    role?: string;
    jwt?: string;
  }): Promise<string | undefined> => {
    const facts: LoginFacts = {
      role,
      jwt,
      issuer,
      boundIssuer: issuer,
      found: roles[role],
      now: options.now(),
      documents: kept,
    };
    const byKept = loginRefusal(facts, keyChecks);
    const isUnverified =
      byKept === "needs-documents" || (byKept?.message ?? "").includes("failed to verify id token signature");
    if (!isUnverified) return byKept?.message;
    try {
      kept = await options.fetch();
    } catch (error) {
      return said(`fetching keys oidc: get keys failed ${String(error)}`);
    }
    const fetched = loginRefusal({ ...facts, documents: kept }, keyChecks);
    return fetched === "needs-documents" ? said("fetching keys oidc") : fetched?.message;
  };

  async function answer(
    call: string,
    token: string,
    body: Record<string, unknown>,
  ): Promise<[number, object]> {
    if (call === `POST auth/${mount}/login`) {
      const refused = await refusalOf(body);
      if (refused !== undefined) return [400, { errors: [refused] }];
      return [200, { auth: { client_token: "given", policies: ["web"], lease_duration: 3600 } }];
    }
    if (call === "POST auth/token/revoke-self") return [200, {}];
    if (token !== standInToken) return [403, { errors: ["permission denied"] }];
    if (call === `GET sys/mounts/auth/${mount}`)
      return [200, { data: { accessor: "auth_jwt_1", type: "jwt", description } }];
    if (call === `GET auth/${mount}/config`) return [200, { data: config }];
    if (call !== `POST auth/${mount}/config`) return [404, { errors: [] }];
    for (const name of Object.keys(config)) delete config[name];
    Object.assign(config, body, { status: "valid" });
    kept = undefined;
    return [200, {}];
  }

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const call = `${request.method} ${(request.url ?? "").replace(/^\/v1\//u, "")}`;
    calls.push(call);
    const token = String(request.headers["x-vault-token"] ?? "");
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    const [status, content] = await answer(call, token, body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
  }

  const server = createServer((request, response) => void reply(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    config,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
