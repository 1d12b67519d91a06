import { askSocket } from "../../core/admin/index.ts";
import { defined, type ErrorCode, errorText, PodtrustError } from "../../core/base/index.ts";
import { fileCode } from "../../core/files/index.ts";
import type {
  DistrustOptions,
  DistrustOutcome,
  PublisherStatus,
  RestoreOptions,
  RestoreOutcome,
} from "../contract.ts";
import { controlPath } from "./sockets.ts";

interface Failure {
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly next: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
}

/** Made from the answer of the socket. */
const nextSteps: Readonly<Record<string, string>> = {
  ENOENT:
    "Nothing was ever started there, or it has ended: start podtrust serve, or name the state directory of the one that runs with --state.",
  ECONNREFUSED:
    "The publisher that used it was killed: start podtrust serve again, and look at its log for why.",
  EACCES: "The publisher runs as another user: run the command as that one (sudo -u USER podtrust …).",
};

async function call(stateDir: string, method: string, path: string, body?: object): Promise<unknown> {
  const socketPath = controlPath(stateDir);
  let answer: unknown;
  try {
    answer = await askSocket(socketPath, { method, path, body });
  } catch (cause) {
    const next = nextSteps[fileCode(cause)];
    throw new PodtrustError(
      "publisher-not-running",
      `no publisher answers on ${socketPath}: ${errorText(cause)}`,
      { cause, detail: { socket: socketPath }, ...defined({ next }) },
    );
  }
  const { error } = answer as Failure;
  if (error === undefined) return answer;
  const { code, message, next, detail = {} } = error;
  throw new PodtrustError(code, message, { next, detail });
}

/** Status of the publisher that uses a state directory. Throws `publisher-not-running`. */
export async function publisherStatus(stateDir: string): Promise<PublisherStatus> {
  return (await call(stateDir, "GET", "/status")) as PublisherStatus;
}

/**
 * Makes the publisher that uses a state directory distrust a key. Throws `publisher-not-running` and what
 * `Publisher.distrust` throws.
 */
export async function distrustKey(
  stateDir: string,
  kid: string,
  options: DistrustOptions = {},
): Promise<DistrustOutcome> {
  return (await call(stateDir, "POST", "/distrust", { kid, ...options })) as DistrustOutcome;
}

/** Makes it publish a distrusted key again, or one that is handed over. Throws `publisher-not-running` and what `Publisher.restore` throws. */
export async function restoreKey(
  stateDir: string,
  kid: string,
  options: RestoreOptions = {},
): Promise<RestoreOutcome> {
  return (await call(stateDir, "POST", "/restore", { kid, ...options })) as RestoreOutcome;
}
