import { PodtrustError } from "../base/index.ts";
import { parseIssuer } from "../oidc/index.ts";
import type { PublisherOptions, PublisherStack } from "./publisher.ts";
import type { SitePage } from "./serving/site.ts";
import { placeOf } from "./serving/site.ts";

/** A stack with its defaults filled in. */
export interface PreparedStack {
  readonly stack: PublisherStack;
  readonly name: string;
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  /** Milliseconds. */
  readonly keyRetention: number;
  /** Milliseconds. */
  readonly pollInterval: number;
  readonly cacheControl: string;
  /** Milliseconds for which a relying party may keep what it fetched. */
  readonly cacheTime: number;
  readonly stateDir: string;
  /** The names that its certificate has to carry. */
  readonly hosts: readonly string[];
  /** The names that a second certificate has to carry. */
  readonly jwksHosts: readonly string[];
}

const day = 86_400_000;

function invalid(name: string, what: string): PodtrustError {
  return new PodtrustError("publisher-stack-invalid", `stack ${name}: ${what}`, { detail: { stack: name } });
}

/** Milliseconds of max-age; 0 where it says that nothing is kept. */
function maxAge(cacheControl: string): number {
  if (/\bno-(?:cache|store)\b/iu.test(cacheControl)) return 0;
  const seconds = [...cacheControl.matchAll(/\b(?:s-maxage|max-age)=(\d{1,9})\b/giu)].map((found) =>
    Number(found[1]),
  );
  return Math.max(0, ...seconds) * 1000;
}

function checkJwksUri(name: string, uri: string): void {
  const legal = uri.startsWith("https://") && URL.canParse(uri) && !/[?#@]/u.test(uri);
  if (!legal) throw invalid(name, `jwksUri ${uri} is not an https URL without query, fragment and user`);
}

function prepareStack(stack: PublisherStack, stateDir: string): PreparedStack {
  const { name } = stack;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(name))
    throw invalid(name, "its name is no stack's name");
  const issuer = parseIssuer(stack.issuer);
  const jwksUri = stack.jwksUri ?? issuer.defaultJwksUri;
  checkJwksUri(name, jwksUri);
  const cacheControl = stack.cacheControl ?? "public, max-age=60";
  if (!/^[\t\u0020-\u007E]{1,200}$/u.test(cacheControl))
    throw invalid(name, "its cacheControl is no header value");
  const [first, second] = [placeOf(issuer.discoveryUrl).host, placeOf(jwksUri).host];
  const apart = stack.jwksCertificates !== undefined && first !== second;
  return {
    stack,
    name,
    issuer: issuer.url,
    discoveryUrl: issuer.discoveryUrl,
    jwksUri,
    keyRetention: stack.keyRetention ?? day,
    pollInterval: stack.pollInterval ?? 10_000,
    cacheControl,
    cacheTime: maxAge(cacheControl),
    stateDir: stack.stateDir ?? stateDir,
    hosts: apart ? [first] : [...new Set([first, second])],
    jwksHosts: apart ? [second] : [],
  };
}

function checkTogether(stacks: readonly PreparedStack[], options: PublisherOptions): void {
  const urls = new Map<string, string>();
  const names = new Set<string>();
  for (const { name, stack, discoveryUrl, jwksUri } of stacks) {
    if (names.has(name)) throw invalid(name, "two stacks have this name");
    names.add(name);
    // What is published elsewhere is not served from here.
    if (stack.target !== undefined) continue;
    if ((options.listen.https ?? []).length > 0 && stack.certificates === undefined) {
      throw invalid(name, "it has no certificate to serve HTTPS with");
    }
    for (const url of [discoveryUrl, jwksUri]) {
      const { host, path } = placeOf(url);
      const taken = urls.get(host + path);
      if (taken !== undefined) throw invalid(name, `${url} is published by ${taken} already`);
      urls.set(host + path, name);
    }
  }
}

/** Checks stacks one by one and together; throws `publisher-stack-invalid` or `issuer-invalid`. */
export function prepareStacks(options: PublisherOptions): readonly PreparedStack[] {
  if (options.stacks.length === 0) throw new TypeError("a publisher needs a stack");
  const { https = [], insecurePlainHttpBehindProxy: plain = [] } = options.listen;
  const served = options.stacks.some((stack) => stack.target === undefined);
  if (served && https.length + plain.length === 0)
    throw new TypeError("a publisher needs an address to serve on");
  const stacks = options.stacks.map((stack) => prepareStack(stack, options.stateDir));
  checkTogether(stacks, options);
  return stacks;
}

/** The URLs of all stacks. */
export function pagesOf(stacks: readonly PreparedStack[]): readonly SitePage[] {
  const served = stacks.filter(({ stack }) => stack.target === undefined);
  return served.flatMap(({ name, discoveryUrl, jwksUri, cacheControl }) => [
    { stack: name, place: "discovery", url: discoveryUrl, cacheControl } as const,
    { stack: name, place: "jwks", url: jwksUri, cacheControl } as const,
  ]);
}

/** Whether a source can go on as it is under new options. */
export function sameSource(a: PreparedStack, b: PreparedStack): boolean {
  return (
    a.issuer === b.issuer &&
    a.jwksUri === b.jwksUri &&
    a.keyRetention === b.keyRetention &&
    a.pollInterval === b.pollInterval &&
    a.stateDir === b.stateDir &&
    a.stack.cluster === b.stack.cluster &&
    a.stack.target === b.stack.target
  );
}
