import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAuthority, type StandInCa, type StandInCaOptions } from "../../src/sandbox/ca/index.ts";
import {
  type CertificateIssuer,
  type CertificateManager,
  type CertificateManagerOptions,
  type CertificateStore,
  fileStore,
  startCertificateManager,
} from "../../src/providers/tls/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "./challenge-listeners.ts";
import { TestClock } from "./clock.ts";
import { type RememberingLogger, rememberingLogger } from "./remembering-logger.ts";

/** A stand-in CA, the ports that it validates, a folder, and managers that use them, by one clock. */
export interface CertificateBench {
  readonly clock: TestClock;
  readonly ca: StandInCa;
  readonly listeners: ChallengeListeners;
  readonly logger: RememberingLogger;
  readonly folder: string;
  readonly store: CertificateStore;
  readonly issuer: CertificateIssuer;
  start(options?: Partial<CertificateManagerOptions>): Promise<CertificateManager>;
  close(): Promise<void>;
}

export interface BenchOptions extends StandInCaOptions {
  /** Milliseconds by which our clock is ahead of the CA's. */
  readonly ahead?: number;
}

export async function startCertificateBench({
  ahead = 0,
  ...options
}: BenchOptions = {}): Promise<CertificateBench> {
  const clock = new TestClock();
  const caClock = {
    now: () => clock.now() - ahead,
    elapsed: () => clock.elapsed(),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
  };
  const listeners = await startChallengeListeners();
  const ca = await startAuthority({ ...options, clock: caClock, connectTo: listeners.connectTo });
  const logger = rememberingLogger();
  const folder = mkdtempSync(join(tmpdir(), "podtrust-bench-"));
  const store = fileStore({ directory: join(folder, "store"), clock, logger });
  const issuer = { directory: ca.directoryUrl, ca: ca.tlsCa, email: "ops@example.com", timeoutMs: 60_000 };
  const managers: CertificateManager[] = [];
  return {
    clock,
    ca,
    listeners,
    logger,
    folder,
    store,
    issuer,
    async start(more = {}) {
      const manager = await startCertificateManager({
        names: ["oidc.example.com"],
        issuers: [issuer],
        store,
        solvers: [listeners.http01],
        termsOfServiceAgreed: true,
        clock,
        logger,
        ...more,
      });
      managers.push(manager);
      return manager;
    },
    async close() {
      await Promise.all(managers.map((manager) => manager.close()));
      await Promise.all([ca.close(), listeners.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The names of the leaf that is served, to be sure that it is ours. */
export function servedNames(manager: CertificateManager): string | undefined {
  const certificate = manager.current()?.certificate;
  return certificate === undefined ? undefined : new X509Certificate(certificate).subjectAltName;
}
