import {
  defined,
  errorFromJson,
  errorText,
  isRecord,
  type JsonRecord,
  mapped,
  PodtrustError,
  textOf,
} from "../../core/base/index.ts";
import { type ConnectTo, parseConnectTo, request, jsonOf } from "../../core/http/index.ts";
import { type Decision, type DecisionFilter, controlPath, filterForm, type Seed } from "../aws/index.ts";
import { atDoor, type Form, forms } from "../errors/index.ts";
import type { GoogleDecision, GoogleSeed, StandInGoogle } from "../gcp/index.ts";
import {
  forgedForm,
  type ForgedToken,
  type IssuerFault,
  issuerFaultForm,
  tokenForm,
  type TokenSpec,
} from "../cluster/index.ts";

/** An account of a sandbox in another process. It has the calls of a `SandboxAccount`, and each returns a promise. */
export interface AccountConnection extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL; the same for every account of a sandbox. */
  readonly url: string;
  /** Twelve digits, part of its ARNs. */
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The clock by which tokens and sessions expire and changes spread; `advance` moves it. */
  readonly clock: ConnectedClock;
  /** Of the last thousand decisions, those that match the filter, oldest first. */
  decisions(filter?: DecisionFilter): Promise<readonly Decision[]>;
  /** Creates what a seed describes; rejects with `sandbox-seed`. STS sees it at once. */
  seed(seed: Seed): Promise<void>;
  /** Ends IAM's propagation: STS sees all roles as they are. */
  spread(): Promise<void>;
  /**
   * Empties the account, forgets decisions and issuers' documents, resets the clock and ends the issuers' faults. The
   * administrator's keys stay.
   */
  reset(): Promise<void>;
  /** The stand-in cluster's issuer, or another one with this URL, started on first use. */
  issuer(url?: string): Promise<ConnectedIssuer>;
  /** Ends the account and its issuers. */
  close(): Promise<void>;
}

/**
 * A sandbox of another process, such as `podtrust sandbox`. It has the calls of a `Sandbox`, and each returns a
 * promise: a test that awaits every call runs against either.
 */
export interface SandboxConnection extends Omit<AccountConnection, keyof AsyncDisposable | "close"> {
  /** Its stand-in for Google Cloud: each call rejects with `sandbox-control-request` if none runs. */
  readonly gcp: ConnectedGoogle;
  /**
   * An empty account with its own number: tests that share a sandbox do not meet there. Rejects with
   * `sandbox-control-request` if a thousand are open.
   */
  newAccount(): Promise<AccountConnection>;
}

/** The stand-in for Google Cloud of a sandbox in another process. */
export interface ConnectedGoogle {
  /** Where it is, and a bearer token with every right there: a secret of the stand-in. */
  place(): Promise<Pick<StandInGoogle, "adminToken" | "project" | "projectNumber" | "url">>;
  /** Creates what a seed describes; rejects with `sandbox-seed`. It takes effect at once. */
  seed(seed: GoogleSeed): Promise<void>;
  /** Those of the last thousand decisions, oldest first. */
  decisions(): Promise<readonly GoogleDecision[]>;
}

/** The clock of a sandbox, or of a stand-in, in another process. */
export interface ConnectedClock {
  /** The time by which it judges, in milliseconds of Unix time. */
  now(): Promise<number>;
  /**
   * Moves it forward by `ms` milliseconds. Rejects other values: a sandbox with `sandbox-control-request`, a stand-in
   * with `usage`.
   */
  advance(ms: number): Promise<void>;
}

/** The issuer of a sandbox in another process. */
export interface ConnectedIssuer {
  /** The `iss` of its tokens. */
  readonly url: string;
  /** PEM of the root that its certificate leads to. */
  readonly ca: string;
  /** In place of public DNS: where it listens. */
  readonly connectTo: readonly ConnectTo[];
  /** A token as TokenRequest issues it, by default for `sts.amazonaws.com`. */
  token(spec: TokenSpec): Promise<string>;
  /** A token that no TokenRequest issues: other claims, another header, another key. By default for `sts.amazonaws.com`. */
  forgeToken(forged: ForgedToken): Promise<string>;
  /** Fail in this way until a call with undefined ends it. STS forgets the issuer's documents, so it sees that at once. */
  fail(fault: IssuerFault | undefined): Promise<void>;
}

/** Where a sandbox is, and what its control API requires. */
export interface ConnectionOptions {
  readonly url: string;
  readonly token: string;
}

const connectionForm: Form = forms.members<ConnectionOptions>(
  {
    url: forms.anyText,
    // What a header can hold.
    token: forms.form("a token", (value) => typeof value === "string" && /^[!-~]{1,200}$/u.test(value)),
  },
  ["url", "token"],
);

const startTimeoutMs = 30_000;
/** A thousand decisions, each of whose texts is cut. */
const maxAnswer = 32 * 1024 * 1024;

/** Calls a control API; returns its answer, throws its refusal. */
export type ControlCall = (method: string, path: string, body?: object) => Promise<JsonRecord>;

/** The sandbox's error, as it would be thrown in its own process. */
function thrownThere(answer: unknown, status: number): PodtrustError {
  const there = isRecord(answer) ? errorFromJson(answer["error"]) : undefined;
  if (there !== undefined) return there;
  const next = "Compare the URL with the one that the sandbox printed: another program may answer there.";
  return new PodtrustError("sandbox-control-request", `the sandbox answered ${status}`, { next });
}

/** What is sent, as JSON. Throws `usage` for what JSON cannot say. */
function jsonOfBody(body: object): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new PodtrustError("usage", `JSON cannot say it: ${errorText(error)}`, { cause: error });
  }
}

/** Calls the control API of the sandbox at a URL. */
export function asker({ url, token }: ConnectionOptions): ControlCall {
  return async (method, path, body) => {
    const response = await request(`${url}${controlPath}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      timeoutMs: startTimeoutMs,
      maxBytes: maxAnswer,
      // A sandbox is on this machine, or was opened to others knowing that nothing is encrypted.
      allowPlainHttp: true,
      ...defined({ body: mapped(body, jsonOfBody) }),
    });
    const answer = jsonOf(response);
    if (response.status !== 200 || !isRecord(answer)) throw thrownThere(answer, response.status);
    return answer;
  };
}

/** Members to set, and the names of those that undefined removes: JSON has no undefined. */
function changed(members: Readonly<Record<string, unknown>> = {}): readonly [object, readonly string[]] {
  const removed = Object.keys(members).filter((name) => members[name] === undefined);
  return [members, removed];
}

function forgedBody({ name: serviceAccount, claims, header, ...rest }: ForgedToken): object {
  const [setClaims, withoutClaims] = changed(claims);
  const [setHeader, withoutHeader] = changed(header);
  return { ...rest, serviceAccount, claims: setClaims, withoutClaims, header: setHeader, withoutHeader };
}

async function issuerBy(ask: ControlCall, wanted: string | undefined): Promise<ConnectedIssuer> {
  const said = await (wanted === undefined ? ask("GET", "issuer") : ask("POST", "issuers", { url: wanted }));
  const rules = Array.isArray(said["connectTo"]) ? said["connectTo"] : [];
  const issuer = textOf(said["url"]) ?? "";
  const minted = async (body: object): Promise<string> => {
    const { token } = await ask("POST", "issuer/token", { ...body, issuer });
    return String(token);
  };
  return {
    url: issuer,
    ca: textOf(said["ca"]) ?? "",
    connectTo: rules.map((rule) => parseConnectTo(String(rule))),
    async token(spec) {
      tokenForm(spec, "token");
      const { name: serviceAccount, ...rest } = spec;
      return minted({ ...rest, serviceAccount });
    },
    async forgeToken(forged) {
      forgedForm(forged, "forgeToken");
      return minted(forgedBody(forged));
    },
    async fail(fault) {
      if (fault !== undefined) issuerFaultForm(fault, "fail: the fault");
      await ask("PUT", "issuer/fault", { issuer, fault: fault ?? null });
    },
  };
}

type AccountAddress = Pick<SandboxConnection, "account" | "admin" | "url">;

/** An account, controlled through its control API. */
function accountBy(
  ask: ControlCall,
  { url, account, admin }: AccountAddress,
): Omit<AccountConnection, keyof AsyncDisposable | "close"> {
  return {
    url,
    account,
    admin,
    clock: {
      async now() {
        const { now } = await ask("GET", "state");
        return Date.parse(String(now));
      },
      async advance(ms) {
        forms.number(ms, "advance: the time");
        await ask("POST", "clock", { advanceSeconds: ms / 1000 });
      },
    },
    async decisions(filter = {}) {
      filterForm(filter, "decisions");
      const query = new URLSearchParams({ ...defined(filter) });
      const { decisions } = await ask("GET", `decisions?${query.toString()}`);
      return decisions as readonly Decision[];
    },
    async seed(seed) {
      await ask("POST", "seed", seed);
    },
    async spread() {
      await ask("POST", "spread");
    },
    async reset() {
      await ask("POST", "reset");
    },
    async issuer(wanted) {
      if (wanted !== undefined) forms.anyText(wanted, "issuer: the URL");
      return issuerBy(ask, wanted);
    },
  };
}

function keysIn({ accessKeyId, secretAccessKey }: JsonRecord): AccountAddress["admin"] {
  return { accessKeyId: String(accessKeyId), secretAccessKey: String(secretAccessKey) };
}

async function newAccount(ask: ControlCall, url: string): Promise<AccountConnection> {
  const said = await ask("POST", "accounts");
  const account = String(said["account"]);
  const own: ControlCall = (method, path, body) => ask(method, `accounts/${account}/${path}`, body);
  const close = async (): Promise<void> => {
    await ask("DELETE", `accounts/${account}`);
  };
  return { ...accountBy(own, { url, account, admin: keysIn(said) }), close, [Symbol.asyncDispose]: close };
}

/** The stand-in for Google, controlled through the sandbox's control API. */
function googleBy(ask: ControlCall): ConnectedGoogle {
  return {
    async place() {
      const { url, project, projectNumber, adminToken } = await ask("GET", "gcp");
      return {
        url: String(url),
        project: String(project),
        projectNumber: String(projectNumber),
        adminToken: String(adminToken),
      };
    },
    async seed(seed) {
      await ask("POST", "gcp/seed", seed);
    },
    async decisions() {
      const { decisions } = await ask("GET", "gcp/decisions");
      return decisions as readonly GoogleDecision[];
    },
  };
}

/** A sandbox, controlled through its control API. */
export function connectionBy(ask: ControlCall, known: AccountAddress): SandboxConnection {
  return { ...accountBy(ask, known), gcp: googleBy(ask), newAccount: () => newAccount(ask, known.url) };
}

/**
 * Connects to a sandbox that runs in another process, through its control API. Rejects with `sandbox-control-denied` if
 * the token is not the sandbox's.
 *
 * @example
 * ```ts
 * const sandbox = await connectSandbox({ url: started.url, token: started.controlToken });
 * await using account = await sandbox.newAccount();
 * ```
 */
export function connectSandbox(options: ConnectionOptions): Promise<SandboxConnection> {
  return atDoor(async () => {
    connectionForm(options, "connectSandbox");
    const ask = asker(options);
    const [{ account }, admin] = await Promise.all([ask("GET", "state"), ask("GET", "admin")]);
    return connectionBy(ask, { url: options.url, account: String(account), admin: keysIn(admin) });
  });
}
