import { PodtrustError } from "../core/base/index.ts";
import { parseIssuer } from "../rules/oidc/index.ts";
import type { IssuerOptions, PublisherOptions } from "./contract.ts";
import type { SitePage } from "./serving/site.ts";
import { hostAndPathOf } from "./serving/site.ts";

/** How an issuer is published: its options with defaults filled in. */
export interface IssuerSettings extends IssuerOptions {
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  /** Milliseconds. */
  readonly keyRetention: number;
  /** Milliseconds. */
  readonly pollInterval: number;
  readonly cacheControl: string;
  /** Milliseconds for which a relying party may cache what it fetched. */
  readonly cacheTime: number;
  readonly stateDir: string;
  /** The names that its certificate must have. */
  readonly hosts: readonly string[];
  /** The names that a second certificate must have. */
  readonly jwksHosts: readonly string[];
}

/** Default time for which a vanished key is kept, in milliseconds. */
export const defaultKeyRetention = 86_400_000;

function invalid(stack: string, what: string): PodtrustError {
  return new PodtrustError("publisher-issuer-invalid", `stack ${stack}: ${what}`, { detail: { stack } });
}

/** max-age in milliseconds; 0 if caching is forbidden. */
export function maxAge(cacheControl: string): number {
  if (/\bno-(?:cache|store)\b/iu.test(cacheControl)) return 0;
  const seconds = [...cacheControl.matchAll(/\b(?:s-maxage|max-age)=(\d{1,9})\b/giu)].map((found) =>
    Number(found[1]),
  );
  return Math.max(0, ...seconds) * 1000;
}

function checkJwksUri(stack: string, uri: string): void {
  const legal = uri.startsWith("https://") && URL.canParse(uri) && !/[?#@]/u.test(uri);
  if (!legal) throw invalid(stack, `jwksUri ${uri} is not an https URL without query, fragment and user`);
}

/** The settings of one issuer; throws `publisher-issuer-invalid` and `issuer-invalid`. `stateDir`: the default directory. */
export function settingsOfOne(options: IssuerOptions, stateDir: string): IssuerSettings {
  const { stack } = options;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(stack))
    throw invalid(stack, "its name is no stack's name");
  const { url: issuer, discoveryUrl, defaultJwksUri } = parseIssuer(options.issuer);
  const jwksUri = options.jwksUri ?? defaultJwksUri;
  checkJwksUri(stack, jwksUri);
  const cacheControl = options.cacheControl ?? "public, max-age=60";
  if (!/^[\t\u0020-\u007E]{1,200}$/u.test(cacheControl))
    throw invalid(stack, "its cacheControl is no header value");
  const [first, second] = [hostAndPathOf(discoveryUrl).host, hostAndPathOf(jwksUri).host];
  const apart = options.jwksCertificates !== undefined && first !== second;
  return {
    ...options,
    issuer,
    discoveryUrl,
    jwksUri,
    keyRetention: options.keyRetention ?? defaultKeyRetention,
    pollInterval: options.pollInterval ?? 10_000,
    cacheControl,
    cacheTime: maxAge(cacheControl),
    stateDir: options.stateDir ?? stateDir,
    hosts: apart ? [first] : [...new Set([first, second])],
    jwksHosts: apart ? [second] : [],
  };
}

function checkTogether(issuers: readonly IssuerSettings[], options: PublisherOptions): void {
  const names = new Set<string>();
  const urls = new Map<string, string>();
  for (const { stack, target, certificates, discoveryUrl, jwksUri } of issuers) {
    if (names.has(stack)) throw invalid(stack, "two stacks have this name");
    names.add(stack);
    // What is published elsewhere is not served from here.
    if (target !== undefined) continue;
    if ((options.listen.https ?? []).length > 0 && certificates === undefined) {
      throw invalid(stack, "it has no certificate to serve HTTPS with");
    }
    for (const url of [discoveryUrl, jwksUri]) {
      const { host, path } = hostAndPathOf(url);
      const taken = urls.get(host + path);
      if (taken !== undefined) throw invalid(stack, `${url} is published by ${taken} already`);
      urls.set(host + path, stack);
    }
  }
}

/** Checks issuers one by one and together; throws `publisher-issuer-invalid` or `issuer-invalid`. */
export function settingsOf(options: PublisherOptions): readonly IssuerSettings[] {
  if (options.issuers.length === 0) throw new TypeError("a publisher needs an issuer");
  const { https = [], insecurePlainHttpBehindProxy: plain = [] } = options.listen;
  const served = options.issuers.some(({ target }) => target === undefined);
  if (served && https.length + plain.length === 0)
    throw new TypeError("a publisher needs an address to serve on");
  const issuers = options.issuers.map((one) => settingsOfOne(one, options.stateDir));
  checkTogether(issuers, options);
  return issuers;
}

/** The URLs of all issuers served from here. */
export function pagesOf(issuers: readonly IssuerSettings[]): readonly SitePage[] {
  const served = issuers.filter(({ target }) => target === undefined);
  return served.flatMap(({ stack, discoveryUrl, jwksUri, cacheControl }) => [
    { stack, place: "discovery", url: discoveryUrl, cacheControl } as const,
    { stack, place: "jwks", url: jwksUri, cacheControl } as const,
  ]);
}

/** Whether a source can continue unchanged under new settings. */
export function sameSource(a: IssuerSettings, b: IssuerSettings): boolean {
  return (
    a.issuer === b.issuer &&
    a.jwksUri === b.jwksUri &&
    a.keyRetention === b.keyRetention &&
    a.pollInterval === b.pollInterval &&
    a.stateDir === b.stateDir &&
    a.cluster === b.cluster &&
    a.shared === b.shared &&
    a.distrusts === b.distrusts &&
    JSON.stringify(a.formerIssuers) === JSON.stringify(b.formerIssuers) &&
    JSON.stringify(a.distrusted) === JSON.stringify(b.distrusted) &&
    a.target === b.target &&
    a.uploads === b.uploads
  );
}
