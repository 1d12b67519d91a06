import { generateKeyPairSync } from "node:crypto";
import { publicJwk } from "../../src/rules/keys/index.ts";
import { ecKey } from "../support/sandbox.ts";
import { type Fault, withPage } from "./fault.ts";
import { discoveryWith, host, issuer, key, page, paths, privateOf } from "./world.ts";

const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason, code });
const html = "<!doctype html><html><body>Sign in</body></html>";
const keys = (...list: readonly object[]): { body: string } => ({ body: JSON.stringify({ keys: list }) });
const other = ecKey("other");
const ed25519 = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
const without = (name: string): object =>
  Object.fromEntries(Object.entries(key.jwk).filter(([member]) => member !== name));

const named = (name: string) => withPage("discovery", { body: discoveryWith({ issuer: name }) });

/** Faults of the discovery document, each in what a real server answers. */
export const discoveryFaults = {
  AnonymousForbidden: withPage("discovery", { status: 403, body: status(403, "Forbidden") }),
  AnonymousUnauthorized: withPage("discovery", { status: 401, body: status(401, "Unauthorized") }),
  LoginRequired: withPage("discovery", { status: 401, headers: { "www-authenticate": "Basic" }, body: html }),
  IssuerSlash: named(`${issuer}/`),
  IssuerPathDropped: async (world) => {
    const server = await world.start({ path: "/cluster1" });
    world.issuer = `${issuer}/cluster1`;
    server.pages.set(`/cluster1${paths.discovery}`, { body: discoveryWith({}) });
  },
  IssuerPortDiffers: named(`${issuer}:8181`),
  IssuerOfCluster: named("https://kubernetes.default.svc.cluster.local"),
  IssuerCase: named("https://OIDC.example.test"),
  IssuerMismatch: named("https://login.example.org"),
  JwksUriPrivate: withPage("discovery", {
    body: discoveryWith({ jwks_uri: "https://10.0.0.5:6443/openid/v1/jwks" }),
  }),
  JwksUriPlain: withPage("discovery", { body: discoveryWith({ jwks_uri: `http://${host}/openid/v1/jwks` }) }),
  DocumentIsPage: withPage("discovery", { headers: { "content-type": "text/html" }, body: html }),
  DocumentNotJson: withPage("discovery", { body: "issuer: https://oidc.example.test" }),
  DiscoveryInvalid: withPage("discovery", { body: discoveryWith({ jwks_uri: undefined }) }),
  DiscoveryUnusual: withPage("discovery", {
    body: discoveryWith({ id_token_signing_alg_values_supported: ["EdDSA"] }),
  }),
  NotSeenFromOutside: async (world) => void (await world.start()),
} satisfies Record<string, Fault>;

/** Faults of the JWK Set. */
export const jwksFaults = {
  JwksPathMissing: withPage("jwks", { status: 404, body: "default backend - 404" }),
  KeyWithoutKid: withPage("jwks", keys(without("kid"))),
  KeyUnsupported: withPage("jwks", keys({ ...ed25519, kid: "first", use: "sig", alg: "EdDSA" })),
  KeyLeftOut: withPage("jwks", keys(key.jwk, { ...ed25519, kid: "first", use: "sig", alg: "EdDSA" })),
  KidTwice: withPage("jwks", keys(key.jwk, { ...other.jwk, kid: key.kid })),
  TooManyKeys: withPage(
    "jwks",
    keys(...Array.from({ length: 101 }, (_, n) => ({ ...key.jwk, kid: `key-${n}` }))),
  ),
  PrivateKeyPublished: async (world) => {
    const { privateKey } = other;
    page(await world.start(), "jwks", keys({ ...privateKey.export({ format: "jwk" }), kid: "first" }));
    world.secrets.push(privateOf(other));
  },
  JwksEmpty: withPage("jwks", keys()),
  JwksInvalid: withPage("jwks", { body: "{}" }),
  KeyMembersMissing: withPage("jwks", keys(without("use"))),
  KeyOperations: withPage("jwks", keys({ ...key.jwk, key_ops: ["verify"] })),
  AnswersDiffer: async (world) => {
    const server = await world.start();
    const sets = [key, other].map((one) => keys(publicJwk(one.privateKey, one.kid)).body);
    let asked = 0;
    server.pages.set(paths.jwks, (_request, response) => {
      asked += 1;
      response.writeHead(200, { "content-type": "application/json" }).end(sets[asked % 2]);
    });
  },
  MediaTypeUnusual: withPage("jwks", {
    headers: { "content-type": "binary/octet-stream" },
    ...keys(key.jwk),
  }),
} satisfies Record<string, Fault>;

/** Faults of a token that is given with the issuer. */
export const tokenFaults = {
  TokenKeyMissing: async (world) => {
    await world.start();
    world.sign({}, { kid: "other" }, other);
  },
  TokenKidDiffers: async (world) => {
    await world.start();
    world.sign({}, { kid: "computed-anew" });
  },
  KeyPropagating: async (world) => {
    const server = await world.start();
    page(server, "jwks", {
      headers: { "last-modified": new Date(Date.now() - 60_000).toUTCString() },
      ...keys(key.jwk),
    });
    world.sign();
  },
  TokenIssuerDiffers: async (world) => {
    await world.start();
    world.sign({ iss: "https://kubernetes.default.svc.cluster.local" });
  },
  TokenExpired: async (world) => {
    await world.start();
    world.sign({ exp: Math.floor(Date.now() / 1000) - 3600 });
  },
  TokenAudienceMissing: async (world) => {
    await world.start();
    world.sign({ aud: undefined });
  },
  TokenForCluster: async (world) => {
    await world.start();
    world.sign({ aud: [issuer] });
  },
  TokenFromTheFuture: async (world) => {
    await world.start();
    world.sign({ iat: Math.floor(Date.now() / 1000) + 1800 });
  },
  TokenForged: async (world) => {
    await world.start();
    world.sign({}, {}, other);
  },
  TokenRefused: async (world) => {
    await world.start();
    world.sign({}, { alg: "HS256" });
  },
} satisfies Record<string, Fault>;
