import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { type ConnectTo, parseConnectTo } from "../../src/core/http/index.ts";
import type { TestAuthority, TestCertificate } from "./certificates.ts";

/** What an issuer's server answers on one path. */
export interface ServedPage {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Wait this long before the first byte, real milliseconds. */
  readonly delayMs?: number;
}

/** An issuer on loopback, over real TLS, under any name. */
export interface IssuerServer {
  readonly host: string;
  readonly issuer: string;
  readonly connectTo: readonly ConnectTo[];
  /** Every path that was asked for, in order. */
  readonly requests: string[];
  /** What is served, by path; change it at any time. */
  readonly pages: Map<string, ServedPage | ((req: IncomingMessage, res: ServerResponse) => void)>;
  /** Serves the two documents with these keys. */
  publish(keys: readonly object[], headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** The discovery document as a Kubernetes API server writes it. */
export function discoveryOf(issuer: string, jwksUri = `${issuer}/openid/v1/jwks`): string {
  return JSON.stringify({
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  });
}

function answer(page: ServedPage, response: ServerResponse): void {
  const send = (): void => {
    response.writeHead(page.status ?? 200, { "content-type": "application/json", ...page.headers });
    response.end(page.body ?? "");
  };
  if (page.delayMs === undefined) send();
  else setTimeout(send, page.delayMs).unref();
}

/** Starts an issuer; its certificate comes from `authority`, for `certificateNames` or else its own host. */
export async function startIssuer(
  authority: TestAuthority,
  options: {
    host?: string;
    path?: string;
    certificateNames?: readonly string[];
    expired?: boolean;
    /** In place of one of the authority's. */
    certificate?: TestCertificate;
    tls?: ServerOptions;
  } = {},
): Promise<IssuerServer> {
  const host = options.host ?? "oidc.example.test";
  const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) };
  const names = options.certificateNames ?? [host];
  const leaf = options.certificate ?? (await authority.issue(names, options.expired === true ? past : {}));
  const pages: IssuerServer["pages"] = new Map();
  const requests: string[] = [];
  const server = createServer({ ...options.tls, cert: leaf.certificate, key: leaf.key }, (req, res) => {
    requests.push(req.url ?? "");
    const [path = ""] = (req.url ?? "").split("?");
    const page = pages.get(req.url ?? "") ?? pages.get(path);
    if (typeof page === "function") page(req, res);
    else answer(page ?? { status: 404 }, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const path = options.path ?? "";
  const issuer = `https://${host}${path}`;
  return {
    host,
    issuer,
    connectTo: [parseConnectTo(`${host}:443:127.0.0.1:${port}`)],
    requests,
    pages,
    publish(keys, headers = {}) {
      pages.set(`${path}/.well-known/openid-configuration`, { headers, body: discoveryOf(issuer) });
      pages.set(`${path}/openid/v1/jwks`, { headers, body: JSON.stringify({ keys }) });
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
}
