import { defined, mapped } from "../../core/base/index.ts";
import { parseIssuer, relyingParties } from "../../rules/oidc/index.ts";
import { resolveCluster } from "../cluster.ts";
import { accepted, address, milliseconds } from "../forms/accepted.ts";
import type { ListenSpec } from "../forms/listen.ts";
import { type ConfigSource, type PathResolver, absolutePath, standardStateDir } from "../paths.ts";
import { resolveBackup } from "./backup.ts";
import type { AcmeAuthority, AcmeConfig, PublisherConfig, ServeConfig } from "./config.ts";
import { resolveS3 } from "./s3.ts";
import type { AcmeInput, AuthorityInput, HttpsInput, PublisherInput } from "./schema.ts";

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

const addressesOf = (texts: readonly string[]): readonly ListenSpec[] => texts.map(address);

function resolveAuthority(input: AuthorityInput, place: PathResolver): AcmeAuthority {
  const { directory = letsEncrypt, caFile, profile, eab } = input;
  return {
    directory,
    ...defined({
      caFile: mapped(caFile, place),
      profile,
      eab: mapped(eab, (files) => ({ kidFile: place(files.kidFile), hmacKeyFile: place(files.hmacKeyFile) })),
    }),
  };
}

function resolveAcme(input: AcmeInput, place: PathResolver): AcmeConfig {
  return {
    ...resolveAuthority(input, place),
    challenge: input.challenge ?? "http-01",
    ...defined({
      email: input.email,
      fallback: mapped(input.fallback, (fallback) => resolveAuthority(fallback, place)),
    }),
  };
}

function resolveHttps(input: HttpsInput, place: PathResolver): ServeConfig {
  const https = addressesOf(input.listen ?? ["[::]:443"]);
  if ("certificateSecret" in input) {
    const { certificateSecret } = input;
    return { kind: "secret", https, http: addressesOf(input.http ?? []), certificateSecret };
  }
  if (!("acme" in input)) {
    const http = addressesOf(input.http ?? []);
    const pair = (files: { certificateFile: string; keyFile: string }) => ({
      certificateFile: place(files.certificateFile),
      keyFile: place(files.keyFile),
    });
    const jwks = defined({ jwks: mapped(input.jwks, pair) });
    return { kind: "files", https, http, ...pair(input), ...jwks };
  }
  const acme = resolveAcme(input.acme, place);
  const http = addressesOf(input.http ?? (acme.challenge === "http-01" ? ["[::]:80"] : []));
  return { kind: "acme", https, http, acme };
}

function resolveServe(
  input: PublisherInput,
  issuer: string,
  jwksUri: string,
  place: PathResolver,
): ServeConfig {
  const { insecurePlainHttpBehindProxy: plain, s3, https } = input;
  if (s3 !== undefined) return resolveS3(s3, issuer, jwksUri);
  if (plain !== undefined) return { kind: "insecure-plain-http", listen: addressesOf(plain.listen) };
  return resolveHttps(accepted(https, "publisher"), place);
}

/** Which keys are published, which are not, and for how long others keep them. */
function resolveKeys(
  { formerIssuers = [], distrustSecret, distrusted = [], relyingPartyCache }: PublisherInput,
  standardCache: number,
): Pick<PublisherConfig, "formerIssuers" | "distrustSecret" | "distrusted" | "relyingPartyCache"> {
  const needed =
    standardCache === relyingParties.aws.keys.fetchedMs ? {} : { relyingPartyCache: standardCache };
  const cache =
    relyingPartyCache === undefined ? needed : { relyingPartyCache: milliseconds(relyingPartyCache) };
  return { formerIssuers, distrusted, ...cache, ...defined({ distrustSecret }) };
}

/** Its programs and backups, outside its state. */
function resolveFiles(
  { release, backup, backupSigners = [] }: Pick<PublisherInput, "release" | "backup" | "backupSigners">,
  place: PathResolver,
): Pick<PublisherConfig, "release" | "backup" | "backupSigners"> {
  return {
    backupSigners,
    ...defined({
      release: mapped(release, place),
      backup: mapped(backup, (section) => resolveBackup(section, place)),
    }),
  };
}

/** The publisher's section with defaults; `cache`: milliseconds that the config's relying parties need in `relyingPartyCache`. */
export function resolvePublisher(
  input: PublisherInput,
  names: { readonly stack: string; readonly issuer: string; readonly cache: number },
  source: ConfigSource,
): PublisherConfig {
  const place = (name: string): string => absolutePath(name, source.file, source.env);
  const { admin = "127.0.0.1:9890", probes, stateDir, store } = input;
  const jwksUri = input.jwksUri ?? parseIssuer(names.issuer).defaultJwksUri;
  return {
    source: input.source === undefined ? { inCluster: true } : resolveCluster(input.source, source),
    jwksUri,
    keyRetention: milliseconds(input.keyRetention ?? "24h"),
    pollInterval: milliseconds(input.pollInterval ?? "10s"),
    cacheControl: input.cacheControl ?? "public, max-age=60",
    admin: admin === false ? false : address(admin),
    ...defined({ probes: mapped(probes, address) }),
    stateDir: stateDir === undefined ? standardStateDir(names.stack, source.env) : place(stateDir),
    ...defined({ store: store?.secret, storeKeyFolder: mapped(store?.keyFolder, place) }),
    ...resolveKeys(input, names.cache),
    ...resolveFiles(input, place),
    serve: resolveServe(input, names.issuer, jwksUri, place),
  };
}
