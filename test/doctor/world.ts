import { sign } from "node:crypto";
import type { AddressInfo, Server } from "node:net";
import { defined, mapped, systemClock } from "../../src/core/base/index.ts";
import { type ConnectTo, parseConnectTo } from "../../src/core/http/index.ts";
import {
  type DoctorFacts,
  type DoctorOptions,
  type DoctorReport,
  gatherFacts,
  reportOf,
} from "../../src/doctor/index.ts";
import type { IssuerRoute } from "../../src/issuer/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { kubernetesKid, publicKeyOf } from "../../src/rules/keys/index.ts";
import {
  testAuthority,
  type TestAuthority,
  testHierarchy,
  type TestHierarchy,
} from "../support/certificates.ts";
import { discoveryOf, type IssuerServer, type ServedPage, startIssuer } from "../support/issuer-server.ts";
import { type DnsType, loopbackDns } from "../support/loopback-dns.ts";
import { ecKey } from "../support/sandbox.ts";

export const host = "oidc.example.test";
export const issuer = `https://${host}`;
export const paths = { discovery: "/.well-known/openid-configuration", jwks: "/openid/v1/jwks" } as const;

const made = ecKey("unnamed");
const material = publicKeyOf(made.jwk);
if (material === undefined) throw new TypeError("the key of the tests is none");
/** The key of every issuer here, under the kid that Kubernetes would give it. */
export const key = {
  ...made,
  kid: kubernetesKid(material),
  jwk: { ...made.jwk, kid: kubernetesKid(material) },
};

/** The private member of a key. */
export function privateOf({ privateKey }: Pick<typeof made, "privateKey">): string {
  const { d } = privateKey.export({ format: "jwk" });
  if (typeof d !== "string") throw new TypeError("the key has no private half");
  return d;
}

/** By `TYPE name`; `failed` where the server says that it failed. */
type Records = Readonly<Record<string, readonly string[] | "failed">>;

/** A name server on loopback that knows these records and no others; `ttl` is in seconds. */
function dnsWith(records: Records | "failed", ttl = 1): ReturnType<typeof loopbackDns> {
  return loopbackDns((question) => {
    const found = records === "failed" ? records : (records[question] ?? []);
    if (found === "failed") return found;
    const type = question.split(" ")[0] as DnsType;
    return found.map((value) => ({ type, value, ttl }));
  });
}

/** How long a document may take here, in milliseconds: a busy machine takes longer than AWS waits. A fault that is time has less. */
const timeoutMs = 20_000;

/** An issuer of real parts, before something of it is broken: TLS by a CA of its own, DNS on loopback. */
export class DoctorWorld {
  readonly #closing: (() => unknown)[] = [];
  readonly #connectTo: ConnectTo[] = [];
  readonly #nameServers = new Map<string, string>();
  readonly #roots: string[] = [];
  readonly authority: TestAuthority;
  readonly hierarchy: TestHierarchy;
  issuer: string = issuer;
  resolver: string | undefined;
  token: string | undefined;
  /** As `--private`. */
  private: boolean | undefined;
  timeoutMs: number = timeoutMs;
  /** What is on no screen and in no file: private members of keys, and the token. */
  readonly secrets: string[] = [privateOf(key)];

  constructor(authority: TestAuthority, hierarchy: TestHierarchy) {
    this.authority = authority;
    this.hierarchy = hierarchy;
  }

  /** An issuer's server with both documents; its host leads there, unless the name is asked of DNS. */
  async start(
    options: Parameters<typeof startIssuer>[1] = {},
    at: string = options.host ?? host,
  ): Promise<IssuerServer> {
    const server = await startIssuer(this.authority, { host, ...options });
    this.#closing.push(() => server.close());
    server.publish([key.jwk]);
    const [{ toPort } = { toPort: 0 }] = server.connectTo;
    this.lead(at, toPort ?? 0);
    return server;
  }

  /** Connections to a host or an address on a port, 443 or another, go to this port of loopback. */
  lead(from: string, port: number, asked = 443): void {
    const name = from.includes(":") ? `[${from}]` : from;
    this.#connectTo.push(parseConnectTo(`${name}:${asked}:127.0.0.1:${port}`));
  }

  /** A server of another kind on loopback, which ends with the test. */
  async listen(server: Server, at: string = host, asked = 443): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    this.lead(at, port, asked);
    return port;
  }

  /** The names are asked of a resolver on loopback that knows these records, by `A name` and `AAAA name`, for `ttl` seconds. */
  async dns(records: Records | "failed", ttl?: number): Promise<void> {
    const server = await dnsWith(records, ttl);
    this.#closing.push(server.close);
    this.resolver = `127.0.0.1:${server.port}`;
  }

  /** The name server at an address, which is asked past every cache. */
  async nameServer(address: string, records: Records | "failed"): Promise<void> {
    const server = await dnsWith(records);
    this.#closing.push(server.close);
    this.askAt(address, `127.0.0.1:${server.port}`);
  }

  /** Queries to the name server at an address go to this one. */
  askAt(address: string, server: string): void {
    this.#nameServers.set(address, server);
  }

  /** A CA whose certificates are taken as well. */
  trust(root: string): void {
    this.#roots.push(root);
  }

  /** A token of the issuer, good for an hour, with these changes. */
  sign(claims: object = {}, header: object = {}, signer: typeof made = key): void {
    const now = Math.floor(Date.now() / 1000);
    const body = { iss: this.issuer, sub: "system:serviceaccount:shop:web", aud: ["sts.amazonaws.com"] };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const head = { alg: "ES256", kid: key.kid, ...header };
    const input = `${part(head)}.${part({ ...body, iat: now, nbf: now, exp: now + 3600, ...claims })}`;
    const signature = sign("sha256", Buffer.from(input), {
      key: signer.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    this.token = `${input}.${signature.toString("base64url")}`;
    this.secrets.push(privateOf(signer), ...this.token.split("."));
  }

  async examine(): Promise<DoctorReport> {
    return reportOf(await this.look());
  }

  /** What doctor sees of it. */
  look(): Promise<DoctorFacts> {
    return gatherFacts(this.options());
  }

  /** How doctor is to look at it. */
  options(): DoctorOptions & { readonly route: IssuerRoute } {
    const { token, resolver } = this;
    return {
      issuer: this.issuer,
      route: {
        ca: [this.authority.root, this.hierarchy.root, ...this.#roots].join(""),
        connectTo: this.#connectTo,
      },
      timeoutMs: this.timeoutMs,
      clock: systemClock,
      serverAt: (address) => this.#nameServers.get(address) ?? "127.0.0.1:9",
      signal: new AbortController().signal,
      ...defined({
        resolver,
        private: this.private,
        token: mapped(token, (own) => ({ text: own, jws: parseJws(own) })),
      }),
    };
  }

  /** Runs when the test is over. */
  atEnd(close: () => unknown): void {
    this.#closing.push(close);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const authorities = Promise.all([testAuthority(), testHierarchy()]);

/** A world of its own for one fault. */
export async function newWorld(): Promise<DoctorWorld> {
  return new DoctorWorld(...(await authorities));
}

/** A page in place of a document. */
export function page(server: IssuerServer, document: keyof typeof paths, change: ServedPage): void {
  server.pages.set(paths[document], change);
}

/** The discovery document with these members in place of its own. */
export function discoveryWith(change: object): string {
  return JSON.stringify({ ...(JSON.parse(discoveryOf(issuer)) as object), ...change });
}
