import { generateKeyPairSync } from "node:crypto";
import { testHierarchy } from "../support/certificates.ts";
import { discoveryOf, type startIssuer } from "../support/issuer-server.ts";
import type { Fault } from "./fault.ts";
import { host, issuer as plain, key as signing, type DoctorWorld } from "./world.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
const key = { ...rsa, use: "sig", alg: "RS256", kid: "38826b17-6a30-5f9b-b169-8beb8202f723" };

const curves = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" } as const;
const ecKeys = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => {
    const [[curve, alg] = ["P-256", "ES256"]] = [Object.entries(curves)[index % 3]];
    const jwk = generateKeyPairSync("ec", { namedCurve: curve }).publicKey.export({ format: "jwk" });
    return { ...jwk, use: "sig", alg, kid: `key-${index}` };
  });

/** What is unlike Kubernetes' own documents at `oidc.example.test`. */
interface Shape {
  readonly issuer?: string;
  /** Members of the discovery document. */
  readonly discovery?: { readonly jwks_uri?: string; readonly [member: string]: unknown };
  readonly keys?: readonly object[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly server?: (world: DoctorWorld) => Promise<Parameters<typeof startIssuer>[1]>;
  /** A token of it, in which these claims are its own. */
  readonly claims?: object;
  /** The addresses of its name, by the type of their records; without them it is led there. */
  readonly records?: Readonly<Record<string, readonly string[]>>;
}

/** Serves an issuer of this shape. */
function serving({ issuer = plain, discovery = {}, keys = [key], headers = {}, ...shape }: Shape): Fault {
  return async (world) => {
    world.issuer = issuer;
    const own = await shape.server?.(world);
    const [name, base] = [new URL(issuer).hostname, new URL(issuer).pathname.replace(/\/$/u, "")];
    const jwksUri = discovery.jwks_uri ?? `${issuer.replace(/\/$/u, "")}/openid/v1/jwks`;
    const document = { ...(JSON.parse(discoveryOf(issuer, jwksUri)) as object), ...discovery };
    const { hostname, pathname } = new URL(jwksUri);
    const addresses = Object.values(shape.records ?? {}).flat();
    const places = addresses.length === 0 ? [...new Set([name, hostname])] : addresses;
    if (addresses.length > 0)
      await world.dns(
        Object.fromEntries(
          Object.entries(shape.records ?? {}).map(([type, found]) => [`${type} ${name}`, found]),
        ),
      );
    for (const place of places) {
      const named = addresses.length === 0 ? place : name;
      const server = await world.start({ ...own, host: named }, place);
      server.pages.clear();
      server.pages.set(`${base}/.well-known/openid-configuration`, {
        headers,
        body: JSON.stringify(document),
      });
      server.pages.set(pathname, { headers, body: JSON.stringify({ keys }) });
    }
    if (shape.claims !== undefined) world.sign(shape.claims);
  };
}

/** An issuer that is healthy. */
export interface HealthyShape {
  readonly serve: Fault;
  /** Google and Azure take no key of some curves. */
  readonly hasCurves: boolean;
}

function served(shape: Shape): HealthyShape {
  return { serve: serving(shape), hasCurves: JSON.stringify(shape.keys ?? []).includes('"EC"') };
}

const claims = { claims_supported: ["sub", "iss"] };
const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const { alg: _alg, ...withoutAlg } = key;

/** Issuers as they are in the field, with what is unlike Kubernetes' own documents and yet nothing to complain of. */
export const healthyShapes: Readonly<Record<string, HealthyShape>> = {
  EKS: served({
    issuer: "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
    discovery: {
      ...claims,
      jwks_uri: "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E/keys",
      authorization_endpoint: "urn:kubernetes:programmatic_authorization",
    },
  }),
  GKE: served({
    issuer: "https://container.googleapis.com/v1/projects/shop/locations/europe-west3/clusters/shop",
    discovery: {
      jwks_uri: "https://container.googleapis.com/v1/projects/shop/locations/europe-west3/clusters/shop/jwks",
      grant_types: ["urn:kubernetes:grant_type:programmatic_authorization"],
    },
  }),
  "AKS, with a slash at its end": served({
    issuer: `https://germanywestcentral.oic.prod-aks.azure.com/${tenant}/0f8fad5b-d9cb-469f-a165-70867728950e/`,
  }),
  "GitHub Actions": served({
    issuer: "https://token.actions.githubusercontent.com",
    discovery: {
      jwks_uri: "https://token.actions.githubusercontent.com/.well-known/jwks",
      scopes_supported: ["openid"],
      claims_supported: ["sub", "aud", "job_workflow_ref"],
    },
    keys: [{ ...key, x5t: "ykNaY4qM_ta4k2TgZOCEYLkcYlA" }],
  }),
  GitLab: served({
    issuer: "https://gitlab.example.test",
    discovery: {
      jwks_uri: "https://gitlab.example.test/oauth/discovery/keys",
      token_endpoint: "https://gitlab.example.test/oauth/token",
      grant_types_supported: ["authorization_code"],
    },
  }),
  "Google, whose keys are at another host": served({
    issuer: "https://accounts.google.com",
    discovery: { jwks_uri: "https://www.googleapis.com/oauth2/v3/certs" },
    keys: [key, { ...key, kid: "b4c6a2a5c1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6" }],
  }),
  "Entra, whose keys have no alg": served({
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    discovery: { jwks_uri: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys` },
    keys: [withoutAlg],
  }),
  "a bucket of S3 by its path": served({ issuer: "https://s3.eu-central-1.amazonaws.com/shop-oidc" }),
  "a bucket of S3 by its host": served({ issuer: "https://shop-oidc.s3.eu-central-1.amazonaws.com" }),
  "a CDN that has both documents": served({
    headers: { "cache-control": "public, max-age=3600", age: "1200", "x-cache": "Hit from cloudfront" },
  }),
  "a path in the issuer": served({ issuer: `${plain}/clusters/shop` }),
  "an address of IPv6 alone": served({ records: { AAAA: ["2001:db8::1"] } }),
  "an address of each family": served({ records: { A: ["192.0.2.1"], AAAA: ["2001:db8::1"] } }),
  "eleven keys on three curves": served({ keys: ecKeys(11) }),
  "ES256 beside RS256, while keys are rotated": served({ keys: [key, signing.jwk], claims: {} }),
  "a token for another audience": served({
    keys: [signing.jwk],
    claims: { aud: ["https://vault.example.test"] },
  }),
  "a wildcard's certificate": served({
    server: async ({ authority }) => ({
      certificate: await authority.issue([`*.${host.replace(/^\w+\./u, "")}`]),
    }),
  }),
  "a certificate with two intermediates": served({
    async server(world) {
      const amazon = await testHierarchy(Date.now(), "Amazon");
      world.trust(amazon.root);
      return { certificate: await amazon.chain([host], { upper: "given" }) };
    },
  }),
};
