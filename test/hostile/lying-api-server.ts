/** API servers that tell the truth once, and then lie in one way each. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { renderDiscovery } from "../../src/rules/oidc/index.ts";
import { publicJwk, type PublicJwk, renderJwkSet } from "../../src/rules/keys/index.ts";
import { testAuthority } from "../support/certificates.ts";

type Lie = (request: IncomingMessage, response: ServerResponse) => void;

const newKey = (): PublicJwk => publicJwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);

function json(response: ServerResponse, body: string | Buffer, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(body);
}

/** Sends a piece again and again, as fast as it is taken, until the other side has had enough. */
function withoutEnd(response: ServerResponse, piece: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more);
  more();
}

const mebibyte = Buffer.alloc(1 << 20, " ");
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const secret = JSON.stringify({
  keys: [{ ...privateKey.export({ format: "jwk" }), kid: "a", alg: "ES256" }],
});

/** What API servers may say, by what a report calls it. */
export const apiServerLies: Readonly<Record<string, Lie>> = {
  "a body without end": (_, response) => withoutEnd(response.writeHead(200), mebibyte),
  "a body a byte at a time": (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), 50);
    response.once("close", () => clearInterval(timer));
  },
  "no answer": () => {},
  "header fields without end": (_, response) =>
    response.socket?.write(`HTTP/1.1 200 OK\r\n${"X-Field: value\r\n".repeat(50_000)}`),
  "a hundred thousand keys": (_, response) =>
    json(response, JSON.stringify({ keys: Array.from({ length: 100_000 }, () => ({ kty: "RSA" })) })),
  "JSON nested deeply": (_, response) => json(response, `{"keys":${"[".repeat(200_000)}`),
  "a private key": (_, response) => json(response, secret),
  "no keys": (_, response) => json(response, '{"keys":[]}'),
  "gzip that was not asked for": (_, response) =>
    json(response, gzipSync(Buffer.alloc(64 << 20)), { "content-encoding": "gzip" }),
  "a redirect to itself": (request, response) => {
    response.writeHead(302, { location: request.url ?? "/" });
    response.end();
  },
  HTML: (_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<html>");
  },
  "half a body": (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"keys":[');
    setTimeout(() => response.destroy(), 20);
  },
  "429 for the next thousand years": (_, response) => {
    response.writeHead(429, { "retry-after": "31536000000" });
    response.end();
  },
  "another issuer": (_, response) =>
    json(
      response,
      renderDiscovery({ issuer: "https://evil.test", jwksUri: "https://evil.test/k", algorithms: ["ES256"] }),
    ),
};

export interface LyingApiServers extends AsyncDisposable {
  /** By the lie: an issuer, a kubeconfig for its API server, and the JWK Set that was told first. */
  readonly issuers: ReadonlyMap<string, { host: string; kubeconfig: string; jwks: string }>;
  /** How often each has lied. */
  readonly lied: ReadonlyMap<string, number>;
}

export const hostOfLie = (index: number): string => `lie-${index}.example.test`;

/** Starts them all, behind one port. */
export async function startLyingApiServers(): Promise<LyingApiServers> {
  const authority = await testAuthority("Lying Root");
  const { certificate, key } = await authority.issue(["127.0.0.1"]);
  const names = Object.keys(apiServerLies);
  const asked = new Map<string, number>();
  const lied = new Map<string, number>();
  const keys = names.map(() => newKey());
  const server = createServer({ cert: certificate, key }, (request, response) => {
    response.on("error", () => {});
    const [, number = "", path = ""] = /^\/(\d+)(\/.*)$/u.exec(request.url ?? "") ?? [];
    const name = names[Number(number)] ?? "";
    const issuer = `https://${hostOfLie(Number(number))}`;
    const own = keys[Number(number)];
    const before = asked.get(name + path) ?? 0;
    asked.set(name + path, before + 1);
    if (before === 0 && own !== undefined) {
      const discovery = { issuer, jwksUri: `${issuer}/openid/v1/jwks`, algorithms: ["ES256"] as const };
      json(
        response,
        path.endsWith("jwks")
          ? renderJwkSet([own])
          : renderDiscovery({ ...discovery, algorithms: ["ES256"] }),
      );
      return;
    }
    lied.set(name, (lied.get(name) ?? 0) + 1);
    apiServerLies[name]?.(request, response);
  });
  server.on("clientError", (_, socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const kubeconfig = (index: number): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "c",
          cluster: {
            server: `https://127.0.0.1:${port}/${index}`,
            "certificate-authority-data": Buffer.from(authority.root).toString("base64"),
          },
        },
      ],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });
  const issuers = names.map((name, index) => {
    const own = keys[index];
    const jwks = own === undefined ? "" : renderJwkSet([own]);
    return [name, { host: hostOfLie(index), kubeconfig: kubeconfig(index), jwks }] as const;
  });
  return {
    issuers: new Map(issuers),
    lied,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
