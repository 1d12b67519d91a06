import { join } from "node:path";
import {
  asPodtrustError,
  errorFromJson,
  errorText,
  isRecord,
  type JsonRecord,
  PodtrustError,
  recordOf,
  isTexts,
} from "../core/base/index.ts";
import {
  askSocket,
  drainServer,
  json,
  line,
  listenOnSocket,
  type LocalReply,
  localServer,
  socketPathProblem,
} from "../core/admin/index.ts";
import { fileCode, StateFolder } from "../core/files/index.ts";
import type { Exchange } from "../core/listener/index.ts";
import type { RingKey } from "../rules/signer/index.ts";
import type { Signer, SignerStatus } from "./signer.ts";

const maxRequest = 16 * 1024;
/** Other API servers are asked before a key is promoted. */
const promoteMs = 60_000;

const controlPath = (stateDir: string): string => join(stateDir, "control.sock");

interface PromoteCommand {
  readonly kid?: string;
  readonly without: readonly string[];
}

async function readPromote(exchange: Exchange): Promise<PromoteCommand> {
  let asked: JsonRecord;
  try {
    asked = recordOf(JSON.parse((await exchange.readBody(maxRequest)).toString("utf8")));
  } catch (cause) {
    throw new PodtrustError("usage", "a request is not JSON", { cause });
  }
  const { kid, without = [] } = asked;
  if ((kid !== undefined && typeof kid !== "string") || !isTexts(without))
    throw new PodtrustError("usage", 'a request is not {"kid", "without"}');
  return kid === undefined ? { without } : { kid, without };
}

async function answer(exchange: Exchange, signer: Signer, signal: AbortSignal): Promise<LocalReply> {
  const { method = "", url = "" } = exchange.incoming;
  switch (`${method} ${url}`) {
    case "GET /status":
      return json(signer.status);
    case "POST /reload":
      await signer.reload(signal);
      return json(signer.status);
    case "POST /promote":
      return json(await signer.promote(await readPromote(exchange), signal));
    default:
      return line("404 Not Found", 404);
  }
}

/** A unix socket of mode 0600 in a folder of mode 0700 that is made where it is missing. */
export async function openSocket(server: Parameters<typeof listenOnSocket>[0], path: string): Promise<void> {
  const problem = path.startsWith("/") ? socketPathProblem(path) : "it is no absolute path";
  if (problem !== undefined)
    throw new PodtrustError("signer-listen", `the socket ${path} cannot be used: ${problem}`);
  const busy = (): PodtrustError => new PodtrustError("signer-running", `another signer answers on ${path}`);
  await new StateFolder(join(path, "..")).makePrivate();
  try {
    await listenOnSocket(server, path, busy);
  } catch (cause) {
    if (cause instanceof PodtrustError) throw cause;
    throw new PodtrustError("signer-listen", `the socket ${path} could not be opened: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** Opens the socket by which commands of the same user reach a signer; gives what closes it. */
export async function openControl(
  stateDir: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const server = localServer(
    (exchange) => answer(exchange, signer, signal),
    (error) => json({ error: asPodtrustError(error) }, 400),
  );
  await openSocket(server, controlPath(stateDir));
  return () => drainServer(server);
}

async function call(
  stateDir: string,
  asked: {
    readonly method: string;
    readonly path: string;
    readonly body?: object;
    readonly timeoutMs?: number;
  },
): Promise<unknown> {
  const path = controlPath(stateDir);
  let answered: unknown;
  try {
    answered = await askSocket(path, asked);
  } catch (cause) {
    const next =
      fileCode(cause) === "EACCES" ? "The signer runs as another user, root for most: use sudo." : undefined;
    const sentence = `no signer answers on ${path}: ${errorText(cause)}`;
    throw new PodtrustError("signer-not-running", sentence, next === undefined ? { cause } : { cause, next });
  }
  const error = isRecord(answered) ? errorFromJson(answered["error"]) : undefined;
  if (error !== undefined) throw error;
  return answered;
}

/** The status of the signer of a state folder. Throws `signer-not-running`. */
export async function signerStatus(stateDir: string): Promise<SignerStatus> {
  return (await call(stateDir, { method: "GET", path: "/status" })) as SignerStatus;
}

/** Makes it read its folder again. Throws `signer-not-running`, and what `Signer.load` throws. */
export async function reloadSigner(stateDir: string): Promise<SignerStatus> {
  return (await call(stateDir, { method: "POST", path: "/reload" })) as SignerStatus;
}

/** Makes it sign with another key. Throws `signer-not-running`, and what `Signer.promote` throws. */
export async function promoteKey(stateDir: string, body: PromoteCommand): Promise<RingKey> {
  return (await call(stateDir, {
    method: "POST",
    path: "/promote",
    body,
    timeoutMs: promoteMs,
  })) as RingKey;
}
