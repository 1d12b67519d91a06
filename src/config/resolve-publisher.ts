import { parseIssuer } from "../oidc/index.ts";
import type {
  AcmeAuthority,
  AcmeConfig,
  ClusterSource,
  ListenAddress,
  PublisherConfig,
  ServeConfig,
} from "./config.ts";
import { parseDuration } from "./duration.ts";
import { parseListen } from "./listen.ts";
import type { AcmeInput, AuthorityInput, ClusterInput, HttpsInput, PublisherInput } from "./schema/index.ts";

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
    const { certificateFile, keyFile } = input;
    return { kind: "files", https, http, certificateFile: place(certificateFile), keyFile: place(keyFile) };
  }
  const acme = resolveAcme(input.acme, place);
  const http = addressesOf(input.http ?? (acme.challenge === "http-01" ? ["[::]:80"] : []));
  return { kind: "acme", https, http, acme };
}

/** The publisher's section with defaults. */
export function resolvePublisher(
  input: PublisherInput,
  names: { readonly issuer: string; readonly stateDir: string },
  place: Place,
): PublisherConfig {
  const plain = input.insecurePlainHttpBehindProxy;
  const { admin = "127.0.0.1:9890", stateDir } = input;
  return {
    source: input.source === undefined ? { inCluster: true } : resolveCluster(input.source, place),
    jwksUri: input.jwksUri ?? parseIssuer(names.issuer).defaultJwksUri,
    keyRetention: milliseconds(input.keyRetention ?? "24h"),
    pollInterval: milliseconds(input.pollInterval ?? "10s"),
    cacheControl: input.cacheControl ?? "public, max-age=60",
    admin: admin === false ? false : accepted(parseListen(admin), "address"),
    stateDir: stateDir === undefined ? names.stateDir : place(stateDir),
    serve:
      plain === undefined
        ? resolveHttps(accepted(input.https, "publisher"), place)
        : { kind: "insecure-plain-http", listen: addressesOf(plain.listen) },
  };
}
