import { errorText, PodtrustError } from "../../../../core/base/index.ts";
import { type IssuerDocuments, type Jwk, shown, tried } from "../../../judge/index.ts";
import { issuerDifference, parseDiscovery } from "../../../oidc/index.ts";
import { sameText } from "../answer.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { invalidToken, noVerificationKey } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

type Failure = Extract<IssuerDocuments, { ok: false }>;

const untrusted = sameText(
  "no public root vouches for the server's certificate, and no certificate of its chain has a registered thumbprint",
  invalidToken,
  "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
  { evidence: "documented" },
);

function documentName(at: Failure["at"]): string {
  return at === "discovery" ? "discovery document" : "JWK Set";
}

/** The first chain (SHA-1, leaf first) that neither a public root nor one of the provider's thumbprints vouches for. */
export function unknownChain(
  documents: IssuerDocuments,
  thumbprints: readonly string[],
): readonly string[] | undefined {
  if (!documents.ok) return undefined;
  const { privateChains = [] } = documents;
  const known = new Set(thumbprints.map((one) => one.toLowerCase()));
  return privateChains.find((chain) => !chain.some((sha1) => known.has(sha1.toLowerCase())));
}

const certificate = stsRule({
  name: "issuer-certificate",
  title: "A public root vouches for the issuer's certificate, or the provider has a thumbprint of its chain.",
  sources: [sources.irsaErrors, sources.oidcProviders],
  evidence: "documented",
  note: "Thumbprints are looked at only when no root vouches. A wrong name or an expired certificate counts as unreachable here; which text AWS gives then is not known.",
  answers: [untrusted],
  needs: ["provider"],
  check({ documents }, { provider }) {
    if (documents === undefined) return { outcome: "needs-documents" };
    const { thumbprints } = provider;
    const chain = thumbprints === undefined ? undefined : unknownChain(documents, thumbprints);
    if (thumbprints !== undefined && chain !== undefined)
      return refused(untrusted, {
        why: `no public root vouches for the server's certificate; the SHA-1 of its chain are ${chain.join(", ")}, and the thumbprints of ${provider.arn} are ${thumbprints.join(", ")}`,
        next: "Add the last of these SHA-1 to the provider's thumbprints (podtrust up does), or serve a certificate from a public CA.",
      });
    if (documents.ok || documents.reason !== "thumbprint")
      return accepted("no complaint about the certificate's root");
    return refused(untrusted, {
      why: `the ${documentName(documents.at)} comes from a server whose chain no root vouches for: ${documents.detail}`,
      next: "Serve the whole chain of a certificate from a public CA, or add the SHA-1 of its top certificate to the provider's thumbprints.",
    });
  },
});

const unreachable = sameText(
  "one of the two documents does not come with status 200 over verified HTTPS in under five seconds, without a redirect",
  invalidToken,
  noVerificationKey,
  { evidence: "documented" },
);

const advice: Readonly<Record<string, string>> = {
  dns: "Let the issuer's name resolve in the public DNS.",
  connect: "Open port 443 of the issuer to the whole internet: AWS does not say from where it asks.",
  tls: "Serve a certificate that names the host, has not expired, and brings its whole chain.",
  timeout: "AWS waits less than five seconds: serve the documents from memory, close to the internet.",
  status: "Answer 200 at exactly that path, without a redirect and without asking for a password.",
  "too-large": "Keep the discovery document below 64 KiB, and publish no keys that sign no more tokens.",
};

const reachable = stsRule({
  name: "documents-reachable",
  title: "AWS can fetch the discovery document and the JWK Set that it names.",
  sources: [sources.tokenErrors, sources.discovery],
  evidence: "documented",
  note: "The API also knows IDPCommunicationError (400, which SDKs retry) for an issuer that cannot be reached; when it is given in place of this one is not documented.",
  answers: [unreachable],
  needs: ["provider"],
  check({ documents }) {
    if (documents === undefined) return { outcome: "needs-documents" };
    if (documents.ok) {
      const { discovery, jwks } = documents;
      return accepted("both documents were fetched", { served: { discovery, jwks } });
    }
    return refused(unreachable, {
      why: `the issuer's ${documentName(documents.at)} cannot be had: ${documents.detail}`,
      next: advice[documents.reason] ?? "Look at what the issuer serves there, from outside of your network.",
    });
  },
});

const discoveryUnusable = sameText(
  "the discovery document is no JSON object, lacks issuer, jwks_uri, response_types_supported, subject_types_supported or id_token_signing_alg_values_supported, or names another issuer",
  invalidToken,
  noVerificationKey,
  { evidence: "reported" },
);

const discovery = stsRule({
  name: "discovery-document",
  title:
    "The discovery document has the members that AWS needs, and its issuer is exactly the provider's URL.",
  sources: [sources.discovery],
  evidence: "reported",
  note: "authorization_endpoint and token_endpoint may be absent. That the issuer is compared is inferred from the specification.",
  answers: [discoveryUnusable],
  needs: ["served", "provider"],
  check(_facts, { served, provider }) {
    const read = tried(() => parseDiscovery(served.discovery));
    if (read instanceof PodtrustError)
      return refused(discoveryUnusable, { why: errorText(read), next: read.next });
    const names = { expected: "the provider in IAM", actual: "issuer of the discovery document" };
    const difference = issuerDifference(`https://${provider.url}`, read.issuer, names);
    if (difference === undefined)
      return accepted(`issuer ${read.issuer}, keys at ${read.jwksUri}`, {}, read.warnings);
    return refused(discoveryUnusable, {
      why: difference.message,
      next: "Serve a discovery document whose issuer is exactly the URL that is registered in IAM.",
    });
  },
});

const setUnreadable = sameText(
  "the JWK Set is no JSON object with a list of keys",
  invalidToken,
  noVerificationKey,
  {
    evidence: "inferred",
  },
);

type Keys = readonly Jwk[];

function readKeys(text: string): Keys | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) return undefined;
    const records = (keys as unknown[]).filter((key) => typeof key === "object" && key !== null) as Keys;
    // Frozen, so that what is made of a key can be remembered with it.
    return records.map((key) => Object.freeze(key));
  } catch {
    return undefined;
  }
}

/** The sets that were read last: one serves for thousands of tokens. */
const lastRead = new Map<string, Keys | undefined>();
const maxRead = 16;

function keysOf(text: string): Keys | undefined {
  if (lastRead.has(text)) return lastRead.get(text);
  if (lastRead.size >= maxRead) lastRead.clear();
  const keys = readKeys(text);
  lastRead.set(text, keys);
  return keys;
}

const jwkSet = stsRule({
  name: "jwk-set-document",
  title: "The JWK Set is a JSON object with a list of keys.",
  sources: [sources.jwk],
  evidence: "inferred",
  answers: [setUnreadable],
  needs: ["served"],
  check(_facts, { served }) {
    const keys = keysOf(served.jwks);
    if (keys !== undefined)
      return accepted(`${keys.length} key${keys.length === 1 ? "" : "s"} in the set`, { keys });
    return refused(setUnreadable, {
      why: `what the issuer serves as its JWK Set is not one: it begins with ${shown(served.jwks.slice(0, 40))}`,
      next: 'Serve {"keys":[…]} at jwks_uri (RFC 7517 §5).',
    });
  },
});

/** The rules about what the issuer serves. */
export const documentRules: readonly StsRule[] = [certificate, reachable, discovery, jwkSet];
