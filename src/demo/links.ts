import { isoDay, PodtrustError } from "../core/base/index.ts";
import type { HttpResponse } from "../core/http/index.ts";
import { brokenOf, type IssuerReading, judgeIssuer, readIssuer } from "../issuer/index.ts";
import type { PublicJwk } from "../rules/keys/index.ts";
import type { DocumentName } from "../rules/oidc/index.ts";
import type { Stage } from "./stage.ts";

/** What AWS would read from the issuer; throws what is wrong with one document, or with both. */
async function issuerOf(
  stage: Stage,
  document?: DocumentName,
): Promise<{ readonly reading: IssuerReading; readonly keys: readonly PublicJwk[] }> {
  const route = { ca: stage.ca.root, connectTo: stage.connectTo };
  const reading = await readIssuer(stage.issuer.url, { route });
  const { findings, jwks } = judgeIssuer(reading);
  const broken = brokenOf(findings.filter((one) => document === undefined || one.document === document));
  if (broken !== undefined)
    throw new PodtrustError("demo-document-missing", broken.seen, { next: broken.next });
  return { reading, keys: jwks?.keys ?? [] };
}

/** The answers of the two documents, if nothing is wrong with them. */
async function answersOf(stage: Stage): Promise<readonly HttpResponse[]> {
  const { discovery, jwks } = (await issuerOf(stage)).reading;
  return [discovery, jwks].flatMap((one) => (one?.outcome === "answered" ? [one.response] : []));
}

/** What each link outside AWS shows; each throws when it does not hold. */
export const outsideLinks = {
  async cluster(stage: Stage): Promise<string> {
    const { username } = await stage.cluster.selfSubject();
    const kind = stage.standIn === undefined ? "the cluster" : "the stand-in cluster";
    return `${kind} at ${stage.cluster.server}, as ${username}`;
  },

  async discovery(stage: Stage): Promise<string> {
    await issuerOf(stage, "discovery");
    return `${stage.issuer.discoveryUrl} names the issuer letter for letter`;
  },

  async jwks(stage: Stage): Promise<string> {
    const { keys, reading } = await issuerOf(stage, "jwks");
    const list = keys.map((key) => `${key.alg} ${key.kid.slice(0, 12)}…`).join(", ");
    return `${reading.jwks?.url} holds ${keys.length} public key${keys.length === 1 ? "" : "s"}: ${list}`;
  },

  dns(stage: Stage): Promise<string> {
    const { host } = stage.issuer;
    const rule = stage.connectTo.find((one) => one.host === host.toLowerCase() && one.port === 443);
    if (rule === undefined)
      return Promise.reject(new PodtrustError("demo-document-missing", `${host} leads nowhere`));
    const where = `${rule.address}:${rule.toPort}`;
    return Promise.resolve(`${host} port 443 leads to ${where} (stand-in for public DNS)`);
  },

  async tls(stage: Stage): Promise<string> {
    const [discovery] = await answersOf(stage);
    const leaf = discovery?.tls?.chain[0];
    if (leaf === undefined) throw new PodtrustError("demo-document-missing", "no certificate was served");
    return `${discovery?.tls?.protocol}; its certificate came over ACME HTTP-01 from ${leaf.issuer}, good until ${isoDay(leaf.notAfter)}`;
  },

  async reachability(stage: Stage): Promise<string> {
    const both = await answersOf(stage);
    const types = both.map(({ headers }) => headers["content-type"]).join(" and ");
    const caching = both[0]?.headers["cache-control"];
    return `both come with status 200 over verified HTTPS, as ${types}; Cache-Control: ${caching}`;
  },
} as const;
