import { parseIssuer } from "../../oidc/index.ts";
import type {
  AcmeAuthority,
  AcmeConfig,
  ClusterSource,
  ListenAddress,
  PublisherConfig,
  S3Config,
  ServeConfig,
} from "../config.ts";
import { parseDuration } from "../forms/duration.ts";
import { parseListen } from "../forms/listen.ts";
import { s3Keys } from "./s3-place.ts";
import type {
  AcmeInput,
  AuthorityInput,
  ClusterInput,
  HttpsInput,
  PublisherInput,
  S3Input,
} from "../schema.ts";

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

type Place = (name: string) => string;

/** What the schema has accepted is there: anything else is a bug of ours. */
export function accepted<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`the schema let a bad ${what} through`);
  return value;
}

/** Milliseconds of a duration that the schema has accepted. */
export function milliseconds(text: string): number {
  return accepted(parseDuration(text), "duration");
}

const addressesOf = (texts: readonly string[]): readonly ListenAddress[] =>
  texts.map((text) => accepted(parseListen(text), "address"));

/** A cluster source with absolute file names. */
export function resolveCluster(input: ClusterInput, place: Place): ClusterSource {
  if ("inCluster" in input) return { inCluster: true };
  if ("server" in input) {
    return { server: input.server, tokenFile: place(input.tokenFile), caFile: place(input.caFile) };
  }
  const kubeconfig = place(input.kubeconfig);
  return input.context === undefined ? { kubeconfig } : { kubeconfig, context: input.context };
}

function resolveAuthority(input: AuthorityInput, place: Place): AcmeAuthority {
  const { directory = letsEncrypt, caFile, profile, eab } = input;
  return {
    directory,
    ...(caFile === undefined ? {} : { caFile: place(caFile) }),
    ...(profile === undefined ? {} : { profile }),
    ...(eab === undefined
      ? {}
      : { eab: { kidFile: place(eab.kidFile), hmacKeyFile: place(eab.hmacKeyFile) } }),
  };
}

function resolveAcme(input: AcmeInput, place: Place): AcmeConfig {
  return {
    ...resolveAuthority(input, place),
    challenge: input.challenge ?? "http-01",
    ...(input.email === undefined ? {} : { email: input.email }),
    ...(input.fallback === undefined ? {} : { fallback: resolveAuthority(input.fallback, place) }),
  };
}

function resolveHttps(input: HttpsInput, place: Place): ServeConfig {
  const https = addressesOf(input.listen ?? ["[::]:443"]);
  if (!("acme" in input)) {
    const http = addressesOf(input.http ?? []);
    const pair = (files: { certificateFile: string; keyFile: string }) => ({
      certificateFile: place(files.certificateFile),
      keyFile: place(files.keyFile),
    });
    const jwks = input.jwks === undefined ? {} : { jwks: pair(input.jwks) };
    return { kind: "files", https, http, ...pair(input), ...jwks };
  }
  const acme = resolveAcme(input.acme, place);
  const http = addressesOf(input.http ?? (acme.challenge === "http-01" ? ["[::]:80"] : []));
  return { kind: "acme", https, http, acme };
}

function resolveS3(input: S3Input, issuer: string, jwksUri: string): S3Config {
  const { bucket, region, prefix = "", account, profile, assumeRole, endpoint } = input;
  return {
    kind: "s3",
    bucket,
    region,
    keys: s3Keys({ issuer, jwksUri, bucket, region, prefix }),
    ...(account === undefined ? {} : { account }),
    ...(profile === undefined ? {} : { profile }),
    ...(assumeRole === undefined ? {} : { assumeRole }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function resolveServe(input: PublisherInput, issuer: string, jwksUri: string, place: Place): ServeConfig {
  const { insecurePlainHttpBehindProxy: plain, s3, https } = input;
  if (s3 !== undefined) return resolveS3(s3, issuer, jwksUri);
  if (plain !== undefined) return { kind: "insecure-plain-http", listen: addressesOf(plain.listen) };
  return resolveHttps(accepted(https, "publisher"), place);
}

/** The publisher's section with defaults. */
export function resolvePublisher(
  input: PublisherInput,
  names: { readonly issuer: string; readonly stateDir: string },
  place: Place,
): PublisherConfig {
  const { admin = "127.0.0.1:9890", stateDir } = input;
  const jwksUri = input.jwksUri ?? parseIssuer(names.issuer).defaultJwksUri;
  return {
    source: input.source === undefined ? { inCluster: true } : resolveCluster(input.source, place),
    jwksUri,
    keyRetention: milliseconds(input.keyRetention ?? "24h"),
    pollInterval: milliseconds(input.pollInterval ?? "10s"),
    cacheControl: input.cacheControl ?? "public, max-age=60",
    admin: admin === false ? false : accepted(parseListen(admin), "address"),
    stateDir: stateDir === undefined ? names.stateDir : place(stateDir),
    serve: resolveServe(input, names.issuer, jwksUri, place),
  };
}
