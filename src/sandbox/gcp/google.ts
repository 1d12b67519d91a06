import { type Clock, defined, silentLogger } from "../../core/base/index.ts";
import { MovableClock, type SandboxClock } from "../clock/index.ts";
import { DecisionLog } from "../decisions/index.ts";
import type { FrontSite } from "../front/index.ts";
import { adminLogin } from "./admin-login.ts";
import type { Answering } from "./answer.ts";
import { type CredentialFile, credentialFile } from "./credential-file.ts";
import { aloneForm, credentialFileForm } from "./forms.ts";
import type { GoogleDecision } from "./decisions.ts";
import { GoogleIssuerSource, type RouteToIssuer } from "./issuer-source.ts";
import { settingsOf, type StandInGoogleOptions } from "./options.ts";
import { Project } from "./project.ts";
import { applySeed, type GoogleSeed } from "./seed.ts";
import { googleSite } from "./site.ts";
import { type GoogleTable, tablesOf } from "./tables.ts";
import { openServer } from "./server.ts";

/** A running stand-in for Google Cloud: one project. */
export interface StandInGoogle extends AsyncDisposable {
  /** The address in place of all hosts of Google's that it speaks for: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly project: string;
  readonly projectNumber: string;
  /** A bearer token with every right: a secret of the stand-in. */
  readonly adminToken: string;
  /** The same as a user login, for GOOGLE_APPLICATION_CREDENTIALS: the content of such a file. */
  readonly adminFile: object;
  /** Points clients at the project: GOOGLE_CLOUD_PROJECT, without which some ask for it elsewhere. */
  readonly environment: Readonly<Record<string, string>>;
  /** The clock by which tokens expire, policies spread and deleted resources are purged; `advance` moves it. */
  readonly clock: SandboxClock;
  /** Those of the last thousand decisions, oldest first. */
  decisions(): readonly GoogleDecision[];
  /** Creates what a seed describes; throws `sandbox-seed`. It takes effect at once. */
  seed(seed: GoogleSeed): void;
  /** Ends propagation: policies and uploaded keys take effect as they are. */
  spread(): void;
  /** Makes it fetch every issuer's documents again. */
  forgetIssuers(): void;
  /** What a Google library needs to exchange a token: the content of GOOGLE_APPLICATION_CREDENTIALS. */
  credentialFile(wanted: CredentialFile): object;
  /** Empties the project and forgets decisions and issuers. The administrator's token stays. */
  reset(): void;
  close(): Promise<void>;
}

/** What a sandbox provides: its clock, and routes to its issuers. */
export interface GoogleDeps {
  readonly clock: MovableClock;
  readonly routeTo: RouteToIssuer;
}

/** The stand-in, and what its sandbox needs. */
export interface OpenedGoogle {
  readonly shown: StandInGoogle;
  /** Google's hosts, for a front. */
  readonly site: FrontSite;
  readonly tables: () => readonly GoogleTable[];
}

/** The part of it that callers of the library see. */
function shownAs(
  { project, decisions }: { readonly project: Project; readonly decisions: DecisionLog<GoogleDecision> },
  url: string,
  close: () => Promise<void>,
): StandInGoogle {
  const { settings, clock } = project;
  return {
    url,
    project: settings.project,
    projectNumber: settings.projectNumber,
    adminToken: project.tokens.admin,
    adminFile: adminLogin(url, project.tokens.admin),
    environment: { GOOGLE_CLOUD_PROJECT: settings.project },
    clock,
    decisions: () => decisions.latest(),
    seed: (seed) => applySeed(project, seed),
    spread: () => project.spread(),
    forgetIssuers: () => project.issuers.forget(),
    credentialFile(wanted) {
      credentialFileForm(wanted, "credentialFile");
      return credentialFile(url, settings, wanted);
    },
    reset() {
      project.clear();
      decisions.clear();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Opens a project and listens. Throws `usage` for invalid options, `sandbox-listen` if it cannot listen. */
export async function openGoogle(
  options: StandInGoogleOptions,
  { clock, routeTo }: GoogleDeps,
): Promise<OpenedGoogle> {
  const settings = settingsOf(options);
  const { issuerCacheMs: cacheMs, newKeyMs } = settings;
  const project = new Project(settings, clock, new GoogleIssuerSource({ clock, routeTo, cacheMs, newKeyMs }));
  const decisions = new DecisionLog<GoogleDecision>();
  const answering: Answering = {
    project,
    logger: options.logger ?? silentLogger,
    onDecision(decision) {
      decisions.add(decision);
      options.onDecision?.(decision);
    },
  };
  const { listen = "127.0.0.1", port = 0 } = options;
  const server = await openServer({ ...answering, listen, port });
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    closing.abort(new Error("the sandbox is closing"));
    await server.close();
  };
  return {
    shown: shownAs({ project, decisions }, server.url, close),
    site: googleSite(answering, closing.signal),
    tables: () => tablesOf(project, decisions.latest()),
  };
}

/** The same without a sandbox around it. */
export async function openAlone(options: StandInGoogleOptions): Promise<StandInGoogle> {
  aloneForm(options, "startStandInGoogle");
  const clock: Clock | undefined = options.clock;
  const route = defined({ ca: options.ca, connectTo: options.connectTo });
  const place = { clock: MovableClock.over(clock), routeTo: () => Promise.resolve(route) };
  return (await openGoogle(options, place)).shown;
}
