import { BlockList } from "node:net";
import { errorText, PodtrustError } from "../../base/index.ts";
import { connectTarget, type HttpResponse, type ServedCertificate } from "../../http/index.ts";
import { issuerDifference, parseIssuer } from "../../oidc/index.ts";
import { ageOf, lengthText } from "./ages.ts";
import { BehindError, type Finding, findingOf } from "./report.ts";
import type { World } from "./world.ts";

async function looked(from: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [findingOf(error, from)];
  }
}

const hostsOf = (urls: readonly string[]): readonly string[] => [
  ...new Set(urls.map((url) => new URL(url).hostname.replace(/^\[(.*)\]$/u, "$1"))),
];

async function urlsOf(world: World): Promise<readonly string[]> {
  return [parseIssuer(world.config.issuer).discoveryUrl, await world.jwksUri()];
}

/** The published discovery document: there, readable, and the issuer's to the letter. */
export async function lookAtDiscovery(world: World): Promise<readonly Finding[]> {
  const { discoveryUrl } = parseIssuer(world.config.issuer);
  return looked(discoveryUrl, async () => {
    const { document, response } = await world.discovery();
    const fresh = ageOf(response.headers, world.clock.now());
    const names = { expected: "the issuer in the config", actual: "issuer of the document" };
    const difference = issuerDifference(world.config.issuer, document.issuer, names);
    if (difference !== undefined) {
      const next =
        "Publish the document of the configured issuer, or correct the config: AWS compares letter for letter.";
      return [
        {
          outcome: "broken",
          seen: difference.message,
          from: discoveryUrl,
          fresh,
          next,
          code: "discovery-invalid",
        },
      ];
    }
    const seen = `names ${document.issuer} to the letter, and its keys at ${document.jwksUri}`;
    const warnings = document.warnings.map((text): Finding => ({
      outcome: "warning",
      seen: text,
      from: discoveryUrl,
    }));
    return [{ outcome: "ok", seen, from: discoveryUrl, fresh }, ...warnings];
  });
}

/** What the cluster signs with that is not published; undefined where the cluster cannot be asked. */
async function unpublished(
  world: World,
  published: ReadonlySet<string>,
): Promise<readonly string[] | undefined> {
  try {
    const { jwks } = await world.ownDocuments();
    return jwks.keys.map(({ kid }) => kid).filter((kid) => !published.has(kid));
  } catch {
    return undefined;
  }
}

/** The published JWK Set: readable, and with every key of the cluster. */
export async function lookAtJwks(world: World): Promise<readonly Finding[]> {
  const from = await world.jwksUri();
  return looked(from, async () => {
    const { document, response } = await world.jwks();
    const fresh = ageOf(response.headers, world.clock.now());
    const kids = document.keys.map(({ kid }) => kid);
    const missing = await unpublished(world, new Set(kids));
    const list = document.keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ");
    const warnings = document.warnings.map((text): Finding => ({ outcome: "warning", seen: text, from }));
    if (missing !== undefined && missing.length > 0) {
      const seen = `lacks the cluster's key ${missing.join(", ")}; it holds ${list}`;
      const next =
        "AWS refuses what this key signs: wait for the publisher's next look, or see podtrust rotate status.";
      return [{ outcome: "broken", seen, from, fresh, next }, ...warnings];
    }
    const all =
      missing === undefined
        ? "whether these are all of the cluster's was not seen"
        : "all of the cluster's among them";
    const seen = `holds ${kids.length} key${kids.length === 1 ? "" : "s"} (${list}), ${all}`;
    return [{ outcome: "ok", seen, from, fresh }, ...warnings];
  });
}

// RFC 1918, 4193, 6598, 3927, 4291: nothing that AWS could reach.
const nowhere = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
] as const)
  nowhere.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of [
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
] as const)
  nowhere.addSubnet(net, prefix, "ipv6");

const isPrivate = (address: string): boolean =>
  nowhere.check(address, address.includes(":") ? "ipv6" : "ipv4");

async function lookAtName(world: World, host: string): Promise<Finding> {
  const { connectTo = [] } = world.way;
  const target = connectTarget(connectTo, host, 443);
  if (target.host !== host || target.port !== 443) {
    const seen = `${host} port 443 leads to ${target.host}:${target.port}`;
    return { outcome: "ok", seen, from: "--connect-to, in place of DNS" };
  }
  const from = "this machine's resolver";
  try {
    const addresses = await world.addresses(host);
    const seen = `${host} is ${addresses.join(", ")}`;
    if (!addresses.some(isPrivate)) return { outcome: "ok", seen, from, fresh: "asked now" };
    const next = "Look at the name from outside: AWS cannot reach a private address.";
    return { outcome: "warning", seen: `${seen}, which is private`, from, fresh: "asked now", next };
  } catch (error) {
    const next = "Make an A or AAAA record for the name, and look whether its zone is delegated.";
    return {
      outcome: "broken",
      seen: `${host} does not resolve: ${errorText(error)}`,
      from,
      next,
      code: "http-unreachable",
    };
  }
}

/** Where the names of the two documents lead. */
export async function lookAtDns(world: World): Promise<readonly Finding[]> {
  return Promise.all(hostsOf(await urlsOf(world)).map((host) => lookAtName(world, host)));
}

function certificateFinding(leaf: ServedCertificate, protocol: string, host: string, now: number): Finding {
  const left = leaf.notAfter - now;
  const fresh = `good until ${new Date(leaf.notAfter).toISOString().slice(0, 10)}, in ${lengthText(left)}`;
  const seen = `${protocol}, a certificate for ${leaf.subject.replaceAll("\n", ", ") || host} by ${leaf.issuer.replaceAll("\n", ", ")}`;
  // ACME clients renew when a third is left; half of that gone as well, something keeps it from them.
  if (left > (leaf.notAfter - leaf.notBefore) / 6) return { outcome: "ok", seen, from: host, fresh };
  const next = "Look why it was not renewed: the publisher's log names the CA's last answer.";
  return {
    outcome: "warning",
    seen: `${seen}; less than a sixth of its life is left`,
    from: host,
    fresh,
    next,
  };
}

async function lookAtHost(world: World, url: string): Promise<Finding> {
  const from = new URL(url).host;
  let response: HttpResponse;
  try {
    response = await world.fetch(url);
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    const { reason } = error.detail;
    if (reason === "tls") return findingOf(error, from);
    return findingOf(new BehindError(reason === "dns" ? "dns" : "reachability", error), from);
  }
  const leaf = response.tls?.chain[0];
  if (leaf === undefined) return { outcome: "unseen", seen: "no certificate was seen", from };
  return certificateFinding(leaf, response.tls?.protocol ?? "TLS", from, world.clock.now());
}

/** The certificates of the hosts of the two documents. */
export async function lookAtTls(world: World): Promise<readonly Finding[]> {
  const urls = await urlsOf(world);
  const one = [...new Map(urls.map((url) => [new URL(url).host, url])).values()];
  return Promise.all(one.map((url) => lookAtHost(world, url)));
}

async function lookAtUrl(world: World, url: string): Promise<Finding> {
  const from = "this machine; AWS asks from its own network";
  try {
    const { status, headers, body } = await world.fetch(url);
    const type = headers["content-type"] ?? "no content type";
    const seen = `${url} answers ${status} over verified HTTPS: ${body.length} bytes, ${type}`;
    if (status === 200) return { outcome: "ok", seen, from, fresh: "fetched now" };
    const next = "Look at what serves this name: it has to answer with status 200 to everybody.";
    return { outcome: "broken", seen, from, fresh: "fetched now", next };
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    const { reason } = error.detail;
    const behind = reason === "dns" || reason === "tls" ? reason : undefined;
    return findingOf(behind === undefined ? error : new BehindError(behind, error), from);
  }
}

/** Whether both documents can be had at all, within AWS's bounds. */
export async function lookAtReachability(world: World): Promise<readonly Finding[]> {
  return Promise.all((await urlsOf(world)).map((url) => lookAtUrl(world, url)));
}
