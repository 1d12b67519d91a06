import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogFields, type Logger } from "../../src/core/base/index.ts";
import type { ServedCertificate } from "../../src/providers/tls/index.ts";
import { renderDiscovery } from "../../src/rules/oidc/index.ts";
import { publicJwk, type PublicJwk, renderJwkSet } from "../../src/rules/keys/index.ts";
import {
  type CertificateProvider,
  type Publisher,
  type PublisherOptions,
  type IssuerOptions,
  startPublisher,
} from "../../src/publisher/index.ts";
import { type TestAuthority, testAuthority, type TestCertificate } from "./certificates.ts";
import { settle, TestClock } from "./clock.ts";

/** A fresh public signing key. */
export function newKey(type: "EC" | "RSA" = "EC"): PublicJwk {
  const pair =
    type === "EC"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return publicJwk(pair.publicKey);
}

/** A cluster whose answers a test sets. */
export class FakeCluster {
  readonly server = "https://cluster.test:6443";
  readonly issuer: string;
  jwksUri: string;
  keys: PublicJwk[];
  /** In place of an answer. */
  fault: (() => { discovery: Buffer; jwks: Buffer }) | undefined;
  asked = 0;

  constructor(issuer: string, keys: PublicJwk[] = [newKey()]) {
    this.issuer = issuer;
    this.jwksUri = `${issuer}/openid/v1/jwks`;
    this.keys = keys;
  }

  documents(): { discovery: Buffer; jwks: Buffer } {
    const algorithms = this.keys.map((key) => key.alg);
    const { issuer, jwksUri } = this;
    return {
      discovery: Buffer.from(renderDiscovery({ issuer, jwksUri, algorithms })),
      jwks: Buffer.from(renderJwkSet(this.keys)),
    };
  }

  oidcDocuments(): Promise<{ discovery: Buffer; jwks: Buffer }> {
    this.asked += 1;
    return Promise.resolve().then(() => (this.fault ?? (() => this.documents()))());
  }
}

/** A certificate that a test exchanges. */
export class FakeCertificates implements CertificateProvider {
  #current: ServedCertificate | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(first?: TestCertificate, notAfter = Date.parse("2027-01-01T00:00:00Z")) {
    this.#current = first === undefined ? undefined : { ...first, notAfter };
  }

  current(): ServedCertificate | undefined {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(next: TestCertificate, notAfter = Date.parse("2027-01-01T00:00:00Z")): void {
    this.#current = { ...next, notAfter };
    for (const listener of this.#listeners) listener();
  }
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers. */
export class MemoryLog implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add("debug", message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add("info", message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add("warn", message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new MemoryLog(this.lines, { ...this.#fields, ...fields });
  }

  /** The messages of one level. */
  of(level: LogLine["level"]): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  #add(level: LogLine["level"], message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

export interface TestPublisher extends AsyncDisposable {
  readonly publisher: Publisher;
  readonly cluster: FakeCluster;
  readonly certificates: FakeCertificates;
  readonly authority: TestAuthority;
  readonly clock: TestClock;
  readonly log: MemoryLog;
  readonly options: PublisherOptions;
  readonly stateDir: string;
  /** The name in the issuer. */
  readonly host: string;
  /** Of the first HTTPS listener. */
  readonly port: number;
  /** Moves time by `ms`, waiting for the publisher's disk at each poll, which the clock knows nothing of. */
  pass(ms: number): Promise<void>;
  /** The text of an admin page. */
  admin(path: string): Promise<{ status: number; text: string }>;
}

export interface TestPublisherInput {
  readonly issuer?: string;
  readonly keys?: PublicJwk[];
  readonly issuerOptions?: Partial<IssuerOptions>;
  readonly options?: Partial<PublisherOptions>;
  readonly stateDir?: string;
  readonly clock?: TestClock;
  /** Further names for the certificate. */
  readonly names?: readonly string[];
}

let authority: Promise<TestAuthority> | undefined;

/** A publisher on loopback with a fake cluster and a certificate of a test CA; nothing is awaited but listening. */
export async function startTestPublisher(input: TestPublisherInput = {}): Promise<TestPublisher> {
  const issuer = input.issuer ?? "https://oidc.example.test";
  const host = new URL(issuer).hostname;
  authority ??= testAuthority();
  const ca = await authority;
  const certificates = new FakeCertificates(await ca.issue([host, ...(input.names ?? [])]));
  const cluster = new FakeCluster(issuer, input.keys);
  const clock = input.clock ?? new TestClock();
  const log = new MemoryLog();
  const own = await mkdtemp(join(tmpdir(), "podtrust-publisher-"));
  const stateDir = input.stateDir ?? join(own, "state");
  const options: PublisherOptions = {
    issuers: [{ stack: "test", issuer, cluster, certificates, ...input.issuerOptions }],
    listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: { host: "127.0.0.1", port: 0 } },
    stateDir,
    clock,
    logger: log,
    ...input.options,
  };
  const publisher = await startPublisher(options);
  return {
    publisher,
    cluster,
    certificates,
    authority: ca,
    clock,
    log,
    options,
    stateDir,
    host,
    port: publisher.addresses.https[0]?.port ?? 0,
    async pass(ms) {
      const step = 5000;
      for (let left = ms; left > 0; left -= step) {
        while (clock.sleeping === 0) await settle();
        await clock.advance(Math.min(step, left));
      }
      while (clock.sleeping === 0) await settle();
    },
    async admin(path) {
      const response = await fetch(`http://127.0.0.1:${publisher.addresses.admin?.port}${path}`);
      return { status: response.status, text: await response.text() };
    },
    async [Symbol.asyncDispose]() {
      await publisher.close(0);
      await rm(own, { recursive: true, force: true });
    },
  };
}
