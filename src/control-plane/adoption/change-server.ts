import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { type ServerStep, whyKept } from "../../rules/adoption/index.ts";
import { issuerFlagsOf } from "../../rules/distribution/index.ts";
import { type Restart, type ControlPlaneServer, settled, type DesiredFlags } from "../servers/index.ts";

/** Progress callbacks while the steps are carried out. */
export interface Working {
  readonly began: (step: ServerStep) => void;
  /** `what`: for example `API server cp-1`; `deadline` in milliseconds of `clock.elapsed()`. */
  readonly waiting: (what: string, reason: string, deadline: number) => void;
  /** It runs as it should; says how long it was away. */
  readonly restarted: (step: ServerStep, restart: Restart) => void;
  /** A notice for the user although nothing failed. */
  readonly notice: (text: string) => void;
}

/** The part of `AdoptionContext` that changing a server needs. */
export interface ChangeContext {
  /** The new issuer. */
  readonly config: { readonly issuer: string };
  readonly servers: readonly ControlPlaneServer[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Names the API server in each wait. */
export const waitingFor =
  ({ waiting }: Pick<Working, "waiting">, server: string) =>
  (reason: string, deadline: number): void =>
    waiting(`API server ${server}`, reason, deadline);

function serverOf({ servers }: ChangeContext, step: ServerStep): ControlPlaneServer {
  const found = servers.find(({ api }) => api.name === step.server);
  if (found !== undefined) return found;
  throw new PodtrustError(
    "adoption-by-hand",
    `podtrust does not change the files of ${step.server}: cluster.servers does not list it, or its distribution is changed by hand`,
    { detail: { server: step.server, kind: step.kind } },
  );
}

const witness = { namespace: "kube-system", name: "default" } as const;

/** Tries the new tokens of a server at every other, at its own address. Returns the names of those that refuse them. */
async function refusedBy(
  signer: ControlPlaneServer,
  { servers, signal }: ChangeContext,
): Promise<readonly string[]> {
  const token = await signer.api.mint(witness, undefined, signal);
  const others = servers.filter((one) => one !== signer);
  const said = await Promise.all(others.map(({ api }) => api.accepts(token, signal)));
  return others.filter((_, index) => said[index] === false).map(({ api }) => api.name);
}

/**
 * Before one more server signs as another issuer, the tokens of every server are tried at every other: a run
 * may have been interrupted after a server was changed and before its token was tried. Throws
 * `adoption-token-refused`.
 */
export async function checkTokens(context: ChangeContext): Promise<void> {
  for (const signer of context.servers) {
    const refusing = await refusedBy(signer, context);
    if (refusing.length === 0) continue;
    throw new PodtrustError(
      "adoption-token-refused",
      `${refusing.join(", ")} refuses the tokens of ${signer.api.name}; no other server is touched`,
      { detail: { server: signer.api.name, refusing } },
    );
  }
}

/** That a server did not come back in time; undefined for any other error. */
const lateness = (error: unknown): PodtrustError | undefined =>
  error instanceof PodtrustError && error.code === "server-not-settled" ? error : undefined;

/**
 * Changes one server, waits until it runs so, and tries its first token at the others. If they refuse it, or
 * the server does not come back, the change is reverted. Throws `adoption-token-refused`,
 * `server-not-settled`, `adoption-by-hand`, and what the server throws.
 */
export async function changeServer(
  context: ChangeContext,
  step: ServerStep,
  working: Working,
): Promise<void> {
  const { clock, signal, config } = context;
  const { flags } = step;
  const server = serverOf(context, step);
  const { api, files } = server;
  const onWait = waitingFor(working, step.server);
  const settle = async (wanted: DesiredFlags): Promise<void> =>
    working.restarted(step, await settled(api, wanted, { clock, signal, onWait }));
  if (flags === undefined) {
    const { flags: back, kept } = await files.restoreFiles(signal);
    if (kept !== undefined) working.notice(whyKept(api.name, kept));
    return settle({ ...back, withoutIssuer: config.issuer });
  }
  const before = issuerFlagsOf((await api.whatRuns(signal)).starts);
  const putBack = async (): Promise<void> => {
    await files.putBack(signal);
    await settle(before);
    await files.endPutBack(signal);
  };
  await files.change(flags, signal);
  try {
    await settle(flags);
  } catch (error) {
    const late = lateness(error);
    if (late === undefined) throw error;
    // One that does not come back is not left so: the cluster may not be reachable any more for a repair.
    await putBack();
    const { message, detail } = late;
    throw new PodtrustError("server-not-settled", `${message}; it was put back to what it was`, {
      cause: error,
      detail,
    });
  }
  const refusing = await refusedBy(server, context);
  if (refusing.length === 0) return;
  await putBack();
  throw new PodtrustError(
    "adoption-token-refused",
    `${refusing.join(", ")} refused the first token of ${step.server}, which was put back to what it was`,
    { detail: { server: step.server, refusing } },
  );
}
