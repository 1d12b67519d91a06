import { z } from "zod";
import { type ClusterInput, clusterSource } from "../cluster.ts";
import { duration, file, httpsUrl, type Leaf, list, listen, section, text } from "../forms/leaf.ts";
import { backup, type BackupInput } from "./backup.ts";
import { s3, type S3Input } from "./s3.ts";

export interface AuthorityInput {
  directory?: string | undefined;
  caFile?: string | undefined;
  profile?: string | undefined;
  eab?: { kidFile: string; hmacKeyFile: string } | undefined;
}

export interface AcmeInput extends AuthorityInput {
  email?: string | undefined;
  challenge?: "http-01" | "tls-alpn-01" | "dns-01" | undefined;
  fallback?: (AuthorityInput & { directory: string }) | undefined;
}

interface Listening {
  listen?: string[] | undefined;
  http?: string[] | undefined;
}

export type HttpsInput =
  | (Listening & { acme: AcmeInput })
  | (Listening & { certificateSecret: { namespace: string; name: string } })
  | (Listening & {
      certificateFile: string;
      keyFile: string;
      jwks?: { certificateFile: string; keyFile: string } | undefined;
    });

export interface PublisherInput {
  source?: ClusterInput | undefined;
  jwksUri?: string | undefined;
  keyRetention?: string | undefined;
  relyingPartyCache?: string | undefined;
  pollInterval?: string | undefined;
  cacheControl?: string | undefined;
  admin?: string | false | undefined;
  probes?: string | undefined;
  stateDir?: string | undefined;
  store?: { secret: { namespace: string; name: string }; keyFolder?: string | undefined } | undefined;
  distrustSecret?: { namespace: string; name: string } | undefined;
  formerIssuers?: string[] | undefined;
  distrusted?: string[] | undefined;
  release?: string | undefined;
  backup?: BackupInput | undefined;
  backupSigners?: string[] | undefined;
  https?: HttpsInput | undefined;
  insecurePlainHttpBehindProxy?: { listen: string[] } | undefined;
  s3?: S3Input | undefined;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const addresses = (what: string, standard: string, example: readonly string[]): z.ZodArray<z.ZodString> => {
  const leaf: Leaf = {
    what,
    accepted: `a list of addresses such as ${JSON.stringify(example)}`,
    standard,
    example,
  };
  return list(leaf, listen({ what: "An address." }), { min: 1, max: 16 });
};

const authority = () => ({
  directory: httpsUrl({
    what: "The CA's ACME directory.",
    accepted: "an https URL",
    standard: "https://acme-v02.api.letsencrypt.org/directory",
    example: "https://acme-staging-v02.api.letsencrypt.org/directory",
  }).optional(),
  caFile: file(
    "PEM of the roots that a private CA's own HTTPS is verified with.",
    "acme-roots.pem",
  ).optional(),
  profile: text(
    { what: "The certificate profile to ask for.", accepted: "a profile's name", example: "tlsserver" },
    /^[\w.-]{1,64}$/u,
  ).optional(),
  eab: section("External account binding, for CAs that ask for it. Both values are read from files.", {
    kidFile: file("A file with the key identifier.", "eab-kid"),
    hmacKeyFile: file("A file with the HMAC key, base64url as the CA gave it.", "eab-key"),
  }).optional(),
});

const acme = section("A certificate by ACME (RFC 8555), renewed by itself.", {
  email: text(
    { what: "Where the CA may write to.", accepted: "an e-mail address", example: "ops@example.com" },
    /^[^\s@]{1,64}@[^\s@]{1,253}$/u,
  ).optional(),
  challenge: z
    .enum(["http-01", "tls-alpn-01", "dns-01"], { error: "http-01, tls-alpn-01 or dns-01" })
    .meta({
      description:
        "How the name is proven. http-01 needs port 80, tls-alpn-01 only port 443, dns-01 no port, but the provider in dns, and its credentials where the publisher runs. Accepted: http-01, tls-alpn-01 or dns-01. Default: http-01.",
    })
    .optional(),
  ...authority(),
  fallback: section("A second CA, asked when the first keeps failing.", {
    ...authority(),
    directory: httpsUrl({ what: "The second CA's ACME directory.", accepted: "an https URL" }),
  }).optional(),
});

const secretName = (what: string, example: string) =>
  section(what, {
    namespace: text(
      { what: "Its namespace.", accepted: "a namespace's name", example: "podtrust" },
      /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u,
    ),
    name: text(
      { what: "Its name.", accepted: "a Secret's name", example },
      /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u,
    ),
  });

const httpsListen = addresses("Where to serve HTTPS.", '["[::]:443"]', ["[::]:443"]).optional();
const httpListen = addresses(
  "Where to answer HTTP-01 challenges over plain HTTP; nothing else is served there.",
  '["[::]:80"] with http-01, else none',
  ["[::]:80"],
).optional();

const https = z
  .union(
    [
      section("With a certificate by ACME.", { listen: httpsListen, http: httpListen, acme }),
      section("With the certificate of a Secret that another program renews, cert-manager for example.", {
        listen: httpsListen,
        http: httpListen,
        certificateSecret: secretName(
          "A Secret of type kubernetes.io/tls in the cluster that source names; it is looked at every ten seconds.",
          "oidc-tls",
        ),
      }),
      section("With a certificate and key from files, read again when they change.", {
        listen: httpsListen,
        http: httpListen,
        certificateFile: file("PEM: the certificate, then its intermediates.", "/etc/podtrust/tls.crt"),
        keyFile: file("PEM: the private key.", "/etc/podtrust/tls.key"),
        jwks: section(
          "A certificate of its own for the host of jwksUri. Left out: the first one names both hosts.",
          {
            certificateFile: file("PEM: the certificate, then its intermediates.", "/etc/podtrust/keys.crt"),
            keyFile: file("PEM: the private key.", "/etc/podtrust/keys.key"),
          },
        ).optional(),
      }),
    ],
    { error: "a section with listen and either acme, or certificateSecret, or certificateFile and keyFile" },
  )
  .meta({ description: "Serve the documents over HTTPS." });

const directive =
  "(?:public|no-cache|must-revalidate|no-transform|immutable|(?:s-maxage|max-age|stale-while-revalidate|stale-if-error)=\\d{1,9})";

/** What makes the discovery document and the JWK Set public. */
export const publisher: z.ZodType<PublisherInput> = section(
  "Publishes the issuer's documents. Left out: the issuer is served elsewhere.",
  {
    source: clusterSource(
      "Where the keys come from, with rights of its own (podtrust manifests publisher-rbac), never the admin's. Default: {inCluster: true}.",
    ).optional(),
    jwksUri: httpsUrl({
      what: "The published jwks_uri, also when another host serves it.",
      accepted: "an https URL",
      standard: "the issuer + /openid/v1/jwks",
      example: "https://keys.example.com/jwks",
    }).optional(),
    keyRetention: duration(
      {
        what: "How long a key that vanished from the cluster stays published. The longest token in use must fit.",
        standard: "24h",
        example: "24h",
      },
      10 * minute,
      30 * day,
    ).optional(),
    relyingPartyCache: duration(
      {
        what: "How long a relying party may go on with a JWK Set beyond Cache-Control. No cloud says how long it does. A new key signs only after it.",
        standard: "1h; 24h where the config has azure, or gcp with keys: fetch",
        example: "24h",
      },
      0,
      30 * day,
    ).optional(),
    pollInterval: duration(
      { what: "How often the cluster is asked for its keys.", standard: "10s", example: "10s" },
      1000,
      hour,
    ).optional(),
    cacheControl: text(
      {
        what: "The Cache-Control header of both documents: how long a relying party may go on without asking.",
        accepted: "directives such as public, max-age=60",
        standard: "public, max-age=60",
        example: "public, max-age=60",
      },
      new RegExp(`^${directive}(?:, ?${directive})*$`, "u"),
    ).optional(),
    admin: z
      .union([listen({ what: "An address.", example: "127.0.0.1:9890" }), z.literal(false)], {
        error: "an address and a port such as 127.0.0.1:9890, or false",
      })
      .meta({
        description:
          "The second listener: /healthz, /readyz, /status, /metrics. Accepted: an address and a port, or false for none. Default: 127.0.0.1:9890.",
        examples: ["127.0.0.1:9890"],
      })
      .optional(),
    probes: listen({
      what: "A listener for a kubelet's probes, that has /livez and /readyz and nothing else. Left out: none.",
      example: "[::]:9892",
    }).optional(),
    stateDir: file(
      "Where certificates, accounts and the last good documents are kept. Default: $STATE_DIRECTORY, else $XDG_STATE_HOME/podtrust/STACK.",
      "/var/lib/podtrust",
    ).optional(),
    store: section("Where several replicas share certificates, challenges and the last good documents.", {
      secret: secretName(
        "A Secret of the cluster that source names, and a Lease of the same name for its lock: podtrust manifests publisher makes both.",
        "podtrust-publisher",
      ),
      keyFolder: file(
        "A folder with the key that proves what replicas wrote there: its Secret of keys, mounted. podtrust manifests publisher makes it. Left out: of documents in that Secret only distrusts are used.",
        "/etc/podtrust-store-key",
      ).optional(),
    }).optional(),
    distrustSecret: secretName(
      "A Secret of the cluster that source names, in which each distrusted key is kept beside stateDir, so that it does not come back when this machine is lost: podtrust manifests publisher-rbac --distrust-secret makes it.",
      "podtrust-distrusted",
    ).optional(),
    formerIssuers: list(
      {
        what: "Issuers that the cluster's tokens may name yet, while its issuer is changed to this one: its keys are published anyway, so that AWS finds them before the first token. Many clusters have the same issuer by default: take it out again when the change is finished.",
        accepted: 'a list of https URLs such as ["https://kubernetes.default.svc.cluster.local"]',
        standard: "none: the cluster's first issuer must be this one",
        example: ["https://kubernetes.default.svc.cluster.local"],
      },
      httpsUrl({
        what: "An issuer, exactly as the cluster's own discovery document has it.",
        accepted: "an https URL such as https://kubernetes.default.svc.cluster.local",
      }),
      { min: 0, max: 8 },
    ).optional(),
    distrusted: list(
      {
        what: "Key IDs that are never published, whatever else is known of them.",
        accepted: 'a list of key IDs such as ["q2oCqFbkW6Vbu9nVTuTZBaS3qMfHeRpFMSyH0ikKXd0"]',
        standard: "none",
        example: ["q2oCqFbkW6Vbu9nVTuTZBaS3qMfHeRpFMSyH0ikKXd0"],
      },
      text(
        {
          what: "A key ID.",
          accepted: "a key ID as podtrust rotate status shows it",
          example: "q2oCqFbkW6Vb",
        },
        /^[\x21-\x7e]{1,256}$/u,
      ),
      { min: 0, max: 64 },
    ).optional(),
    release: file(
      "With machine: the folder with the programs of npm run release. Default: release/ beside podtrust's package.",
      "release",
    ).optional(),
    backup: backup.optional(),
    backupSigners: list(
      {
        what: "Keys that sign this publisher's backups: podtrust up and podtrust backup create print the line. A restore takes the keys of a backup that one of them has signed, although nothing else shows them.",
        accepted: "a list of up to 8 keys such as [ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo]",
        standard: "none: a restore asks for each such key by its ID",
        example: ["ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
      },
      text(
        {
          what: "The public half of a key.",
          accepted: "ed25519: and 43 characters, as podtrust up prints it",
          example: "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        },
        /^ed25519:[A-Za-z0-9_-]{43}$/u,
      ),
      { min: 0, max: 8 },
    ).optional(),
    https: https.optional(),
    insecurePlainHttpBehindProxy: section(
      "Plain HTTP in place of https, for your own proxy that terminates TLS. An attacker between that proxy and this listener can choose the keys that AWS trusts.",
      {
        listen: addresses("Where the proxy finds us.", "none", ["127.0.0.1:8080"]),
      },
    ).optional(),
    s3: s3.optional(),
  },
);
