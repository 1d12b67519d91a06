import { HttpAnswer, type HeaderFields } from "./answer.ts";
import { reasonPhrase } from "./reasons.ts";
import { choose, represent, type Representation } from "./representation.ts";
import type { RequestTarget, Tallies } from "./tallies.ts";

/** One URL that a stack publishes. */
export interface SitePage {
  readonly stack: string;
  readonly place: "discovery" | "jwks";
  /** `https://host/path` as the config names it. */
  readonly url: string;
  readonly cacheControl: string;
}

export interface SiteOptions {
  /** Strict-Transport-Security is sent over TLS only (RFC 6797 §7.2). */
  readonly secure: boolean;
  /** The longest request target, in bytes. */
  readonly targetBytes: number;
  readonly tallies: Tallies;
}

/** The parts of a request that an answer depends on. */
export interface SiteRequest {
  readonly method: string;
  /** Host or :authority. */
  readonly authority: string | undefined;
  readonly target: string;
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
}

interface Page {
  readonly page: SitePage;
  representation: Representation | undefined;
  readonly notAllowed: HttpAnswer;
  readonly notYet: HttpAnswer;
}

export const mediaTypes = { discovery: "application/json", jwks: "application/jwk-set+json" } as const;

/** A host as lookups use it: lower case, without port and final dot. */
export function hostOf(authority: string): string {
  const lower = authority.toLowerCase();
  const end = lower.indexOf(":", lower.startsWith("[") ? lower.indexOf("]") : 0);
  const host = end < 0 ? lower : lower.slice(0, end);
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/**
 * Everything that is served, by host and exact path. Documents are swapped whole: a request sees the old or the new
 * one. The Host header only selects a document and never appears in it: documents come from the config.
 */
export class Site {
  readonly #hosts = new Map<string, Map<string, Page>>();
  /** The same by what clients write: with a port, in capitals. Bounded, since clients choose these. */
  readonly #written = new Map<string, Map<string, Page>>();
  readonly #common: HeaderFields;
  readonly #options: SiteOptions;
  readonly #misdirected: HttpAnswer;
  readonly #tooLong: HttpAnswer;
  readonly #badRequest: HttpAnswer;
  readonly #notFound: HttpAnswer;

  constructor(pages: readonly SitePage[], options: SiteOptions) {
    this.#options = options;
    const hsts: HeaderFields = options.secure ? [["Strict-Transport-Security", "max-age=31536000"]] : [];
    this.#common = [...hsts, ["X-Content-Type-Options", "nosniff"]];
    this.#misdirected = this.problem(421);
    this.#tooLong = this.problem(414);
    this.#badRequest = this.problem(400);
    this.#notFound = this.problem(404);
    for (const page of pages) this.#add(page);
  }

  /** Host names that are served. */
  get hosts(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** An answer without a document, counted under `place`. */
  problem(status: number, fields: HeaderFields = [], place: RequestTarget = "other", stack = ""): HttpAnswer {
    return new HttpAnswer({
      status,
      fields: [
        ["Content-Type", "text/plain; charset=utf-8"],
        ["Cache-Control", "no-store"],
        ...this.#common,
        ...fields,
      ],
      body: `${status} ${reasonPhrase(status)}\n`,
      tally: this.#options.tallies.tally(stack, place, status),
    });
  }

  /** Serves `text` from now on for every page of the stack at that place. */
  publish(stack: string, place: SitePage["place"], text: string): void {
    for (const paths of this.#hosts.values()) {
      for (const entry of paths.values()) {
        const { page } = entry;
        if (page.stack !== stack || page.place !== place) continue;
        const { cacheControl } = page;
        const mediaType = mediaTypes[place];
        const input = { stack, place, mediaType, cacheControl, common: this.#common, text };
        entry.representation = represent(input, this.#options.tallies);
      }
    }
  }

  /** The answer to a request. */
  answer(request: SiteRequest): HttpAnswer {
    if (request.target.length > this.#options.targetBytes) return this.#tooLong;
    const place = request.target.startsWith("/") ? request : absoluteForm(request);
    if (place?.authority === undefined) return this.#badRequest;
    const paths = this.#written.get(place.authority) ?? this.#pathsOf(place.authority);
    if (paths === undefined) return this.#misdirected;
    const entry = paths.get(place.target) ?? paths.get(pathOf(place.target));
    if (entry === undefined) return this.#notFound;
    if (request.method !== "GET" && request.method !== "HEAD") return entry.notAllowed;
    if (entry.representation === undefined) return entry.notYet;
    return choose(entry.representation, request.ifNoneMatch, request.acceptEncoding);
  }

  #pathsOf(authority: string): Map<string, Page> | undefined {
    const paths = this.#hosts.get(hostOf(authority));
    if (paths !== undefined && this.#written.size < 64) this.#written.set(authority, paths);
    return paths;
  }

  #add(page: SitePage): void {
    const { host, path } = hostAndPathOf(page.url);
    const { stack, place } = page;
    const paths = this.#hosts.get(host) ?? new Map<string, Page>();
    this.#hosts.set(host, paths);
    const taken = paths.get(path);
    if (taken !== undefined) {
      throw new TypeError(`${page.url} is published by ${taken.page.stack} and by ${stack}`);
    }
    paths.set(path, {
      page,
      representation: undefined,
      notAllowed: this.problem(405, [["Allow", "GET, HEAD"]], place, stack),
      notYet: this.problem(503, [["Retry-After", "10"]], place, stack),
    });
  }
}

/** Host and path of a URL, without the normalization of `new URL`. */
export function hostAndPathOf(url: string): { readonly host: string; readonly path: string } {
  const rest = url.slice("https://".length);
  const slash = rest.indexOf("/");
  return slash < 0
    ? { host: hostOf(rest), path: "/" }
    : { host: hostOf(rest.slice(0, slash)), path: rest.slice(slash) };
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

/** RFC 9112 §3.2.2: a server accepts the absolute form, and then the Host field does not count. */
function absoluteForm(request: SiteRequest): Pick<SiteRequest, "authority" | "target"> | undefined {
  const parts = /^https?:\/\/([^/?#]+)(\/[^#]*)?$/iu.exec(request.target);
  return parts === null ? undefined : { authority: parts[1], target: parts[2] ?? "/" };
}
