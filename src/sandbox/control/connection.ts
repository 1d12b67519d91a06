import { isRecord, PodtrustError, textOf } from "../../base/index.ts";
import { type ConnectTo, parseConnectTo, request } from "../../http/index.ts";
import { type Decision, type DecisionFilter, controlPath, type Seed } from "../aws/index.ts";
import type { IssuerFault, TokenWish } from "../cluster/index.ts";

/** A sandbox of another process, as `podtrust sandbox` runs one. */
export interface SandboxConnection {
  readonly url: string;
  readonly account: string;
  decisions(filter?: DecisionFilter): Promise<readonly Decision[]>;
  seed(seed: Seed): Promise<void>;
  spread(): Promise<void>;
  reset(): Promise<void>;
  /** Moves its clock on by `ms` milliseconds. */
  advance(ms: number): Promise<void>;
  issuer(): Promise<ConnectedIssuer>;
}

/** The issuer of a sandbox in another process. */
export interface ConnectedIssuer {
  readonly url: string;
  /** PEM of the root that its certificate leads to. */
  readonly ca: string;
  readonly connectTo: readonly ConnectTo[];
  token(wish: TokenWish): Promise<string>;
  fail(fault: IssuerFault | undefined): Promise<void>;
}

/** Where a sandbox is, and what its control API asks for. */
export interface ConnectionOptions {
  readonly url: string;
  readonly token: string;
}

const patience = 30_000;
/** A thousand decisions, each of whose texts is cut. */
const largestAnswer = 32 * 1024 * 1024;

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

type Ask = (method: string, path: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;

/** The error that the sandbox answered with, as it is thrown in its own process. */
function thrownThere(answer: unknown, status: number): PodtrustError {
  const said = isRecord(answer) && isRecord(answer["error"]) ? answer["error"] : {};
  const message = textOf(said["message"]) ?? `the sandbox answered ${status}`;
  const code = said["code"] === "sandbox-seed" ? "sandbox-seed" : "sandbox-control-request";
  const detail = isRecord(said["detail"]) ? said["detail"] : {};
  return new PodtrustError(code, message, {
    next: textOf(said["next"]) ?? "Look at the sandbox's own log.",
    detail,
  });
}

function asker({ url, token }: ConnectionOptions): Ask {
  return async (method, path, body) => {
    const response = await request(`${url}${controlPath}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      timeoutMs: patience,
      maxBytes: largestAnswer,
      // A sandbox is on this machine, or where somebody let others in knowing that nothing is encrypted.
      allowPlainHttp: true,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = jsonOf(response.body);
    if (response.status !== 200 || !isRecord(answer)) throw thrownThere(answer, response.status);
    return answer;
  };
}

async function issuerBy(ask: Ask): Promise<ConnectedIssuer> {
  const said = await ask("GET", "issuer");
  const rules = Array.isArray(said["connectTo"]) ? said["connectTo"] : [];
  return {
    url: textOf(said["url"]) ?? "",
    ca: textOf(said["ca"]) ?? "",
    connectTo: rules.map((rule) => parseConnectTo(String(rule))),
    async token({ name, ...wish }) {
      const { token } = await ask("POST", "issuer/token", { ...wish, serviceAccount: name });
      return String(token);
    },
    async fail(fault) {
      await ask("PUT", "issuer/fault", { fault: fault ?? null });
    },
  };
}

/**
 * Connects to a sandbox that runs in another process, by its control API. Rejects with `sandbox-control-request` where the
 * token is not the sandbox's.
 */
export async function connectSandbox(options: ConnectionOptions): Promise<SandboxConnection> {
  const ask = asker(options);
  const { account } = await ask("GET", "state");
  return {
    url: options.url,
    account: String(account),
    async decisions(filter = {}) {
      const { decisions } = await ask("GET", `decisions?${new URLSearchParams({ ...filter }).toString()}`);
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
    async advance(ms) {
      await ask("POST", "clock", { advanceSeconds: ms / 1000 });
    },
    issuer: () => issuerBy(ask),
  };
}
