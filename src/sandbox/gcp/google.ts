import { type Clock, defined, errorText, PodtrustError, silentLogger } from "../../core/base/index.ts";
import type { CredentialFile } from "./credential-file.ts";
import { credentialFile } from "./credential-file.ts";
import { MovableClock, type SandboxClock } from "../clock/index.ts";
import type { GoogleDecision } from "./decisions.ts";
import { IssuerSource, type RouteToIssuer } from "./issuer-source.ts";
import { settingsOf, type StandInGoogleOptions } from "./options.ts";
import { Project } from "./project.ts";
import { applySeed, type GoogleSeed } from "./seed.ts";
import { type GoogleServer, openServer, type ServerOptions } from "./server.ts";

/** A running stand-in for Google Cloud: one project. */
export interface StandInGoogle extends AsyncDisposable {
  /** What stands for every host of Google's that it speaks for: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly project: string;
  readonly projectNumber: string;
  /** A bearer token that may do everything: a secret of the stand-in. */
  readonly adminToken: string;
  /** By it tokens expire, policies spread and what is deleted goes; `advance` moves it. */
  readonly clock: SandboxClock;
  /** Those of the last thousand decisions, oldest first. */
  decisions(): readonly GoogleDecision[];
  /** Makes what a seed says; throws `sandbox-seed`. It counts at once. */
  seed(seed: GoogleSeed): void;
  /** Ends propagation: policies and uploaded keys count as they stand. */
  spread(): void;
  /** Has every issuer's documents fetched anew. */
  forgetIssuers(): void;
  /** What a Google library is given to exchange a token: the content of GOOGLE_APPLICATION_CREDENTIALS. */
  credentialFile(wanted: CredentialFile): object;
  /** Empties the project and forgets decisions and issuers. The administrator's token stays. */
  reset(): void;
  close(): Promise<void>;
}

/** What a sandbox lends it: its clock, and how its issuers are reached. */
export interface GooglePlace {
  readonly clock: MovableClock;
  readonly routeTo: RouteToIssuer;
}

const decisionsKept = 1000;

async function listening(options: ServerOptions): Promise<GoogleServer> {
  try {
    return await openServer(options);
  } catch (error) {
    const address = `${options.listen}, port ${options.port}`;
    throw new PodtrustError("sandbox-listen", `${address}: ${errorText(error)}`, {
      cause: error,
      detail: { listen: options.listen, port: options.port },
    });
  }
}

/** Opens a project and listens. Throws `usage` for options that cannot be, `sandbox-listen` where it cannot listen. */
export async function openGoogle(
  options: StandInGoogleOptions,
  { clock, routeTo }: GooglePlace,
): Promise<StandInGoogle> {
  const settings = settingsOf(options);
  const { issuerCacheMs: cacheMs, newKeyMs } = settings;
  const project = new Project(settings, clock, new IssuerSource({ clock, routeTo, cacheMs, newKeyMs }));
  const decisions: GoogleDecision[] = [];
  const server = await listening({
    project,
    listen: options.listen ?? "127.0.0.1",
    port: options.port ?? 0,
    logger: options.logger ?? silentLogger,
    onDecision(decision) {
      decisions.push(decision);
      if (decisions.length > 2 * decisionsKept) decisions.splice(0, decisionsKept);
      options.onDecision?.(decision);
    },
  });
  const close = (): Promise<void> => server.close();
  return {
    url: server.url,
    project: settings.project,
    projectNumber: settings.projectNumber,
    adminToken: project.tokens.admin,
    clock,
    decisions: () => decisions.slice(-decisionsKept),
    seed: (seed) => applySeed(project, seed),
    spread: () => project.spread(),
    forgetIssuers: () => project.issuers.forget(),
    credentialFile: (wanted) => credentialFile(server.url, settings, wanted),
    reset() {
      project.clear();
      decisions.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The same without a sandbox around it. */
export function openAlone(options: StandInGoogleOptions): Promise<StandInGoogle> {
  const clock: Clock | undefined = options.clock;
  const route = defined({ ca: options.ca, connectTo: options.connectTo });
  return openGoogle(options, { clock: MovableClock.over(clock), routeTo: () => Promise.resolve(route) });
}
