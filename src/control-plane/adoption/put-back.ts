import { PodtrustError } from "../../core/base/index.ts";
import type { ServerStep } from "../../rules/adoption/index.ts";
import type { FlagChange } from "../../rules/distribution/index.ts";
import { type ControlPlaneServer, isSilence, settled } from "../servers/index.ts";
import { waitingFor, type Working } from "./change-server.ts";
import type { AdoptionContext } from "./gather.ts";
import { type ServerWayBack, waysBack } from "./way-back.ts";

/** The part of `AdoptionContext` that is available while no API server answers. */
export type UnaskedContext = Pick<AdoptionContext, "api" | "servers" | "clock" | "signal">;

/** Whether an API server answers, be it with a refusal. Throws `ssh-*`. */
export async function answers(asked: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // A machine that SSH does not reach says nothing about its API server.
    if (error instanceof PodtrustError && error.code.startsWith("ssh-")) throw error;
    return !isSilence(error);
  }
}

/** The names of those that answer: the cluster by its own address, then each server. */
async function answering({ api, servers, signal }: UnaskedContext): Promise<readonly string[]> {
  const all = [
    { name: api.server, asked: api.oidcDocuments({ signal }) },
    ...servers.map((one) => ({ name: one.api.name, asked: one.api.discovery(signal) })),
  ];
  const said = await Promise.all(all.map(({ asked }) => answers(asked, signal)));
  return all.filter((_, index) => said[index] === true).map(({ name }) => name);
}

/**
 * Whether these answer because an interrupted run restored their files. It had marked everything that is
 * kept, and any later change removes the mark. A server that runs with podtrust's change although it is
 * marked was repaired in another way.
 */
async function wasCutOff(context: UnaskedContext, names: readonly string[]): Promise<boolean> {
  try {
    const ways = await waysBack(context.servers, context.signal);
    const kept = ways.filter(({ previous }) => previous !== undefined);
    const isPartOf = ({ server, previous }: ServerWayBack): boolean =>
      previous?.isBegun === true && (previous.isBack || !names.includes(server.api.name));
    return kept.length > 0 && kept.every(isPartOf);
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "server-file-changed") return false;
    throw error;
  }
}

/**
 * Throws `adoption-refused` if an API server answers: then it can say which pods break. Not if a run of this
 * was interrupted after it had restored files; `goesOn` says so. And throws `ssh-*`.
 */
export async function checkUnanswered(context: UnaskedContext): Promise<{ readonly goesOn: boolean }> {
  const names = await answering(context);
  // A server's own name says more than the cluster's address.
  const name = names.at(-1);
  if (name === undefined) return { goesOn: false };
  if (await wasCutOff(context, names)) return { goesOn: true };
  const { server } = context.api;
  const reached = names.includes(server)
    ? ""
    : ` Have cluster.kubeconfig name an address that answers first: ${server} does not.`;
  throw new PodtrustError("adoption-refused", `the API server ${name} answers`, {
    next: `Leave out --without-api: what answers is asked who breaks, and the way back refuses no token.${reached}`,
    detail: { reason: "api-answers", server: name },
  });
}

/** What is unknown while no API server answers: a sentence each, shown before anything is done. */
export const unasked: readonly string[] = [
  "which pods, Secrets and controllers hold a token: the steps of adopt and rotate take one another's tokens, so none is refused for going one step back",
  "whether the cluster has API servers that cluster.servers does not list",
  "what AWS and the published documents say: they stay as they are",
];

/** The step that restores a server's files, as it is shown to the user. */
export const putBackStep = ({ api }: ControlPlaneServer): ServerStep => ({
  kind: "put-back",
  server: api.name,
  done: false,
});

/** Whether something of it is to be put back, or was by a run that was cut off. */
const isToGoBack = ({ previous }: ServerWayBack): boolean =>
  previous !== undefined && (previous.isBegun || !previous.isBack);

/**
 * Restores over SSH alone each server's files from before podtrust's last change, whatever its purpose, and
 * waits until its API server answers again. Returns the servers whose files that changed. After an
 * interruption, another run continues. Throws `adoption-refused` if nothing is kept and `server-file-changed`
 * if a file was changed since, and has touched no server then; `server-not-settled`, `ssh-*`.
 */
export async function putBackUnasked(context: UnaskedContext, working: Working): Promise<readonly string[]> {
  const { clock, servers, signal } = context;
  // Of all servers before any file is touched: it throws where one of them cannot be put back.
  const going = (await waysBack(servers, signal)).filter(isToGoBack).map(({ server }) => server);
  if (going.length === 0) {
    const names = servers.map(({ api }) => api.name).join(", ");
    throw new PodtrustError(
      "adoption-refused",
      `nothing is kept on ${names} from before a last change of podtrust's`,
      {
        next: "Look at the API server's log on the machine, by crictl logs or journalctl: its files are not why it is down, or another program changed them.",
        detail: { reason: "nothing-kept" },
      },
    );
  }
  // On all of them first: the first to go back answers soon.
  for (const { files } of going) await files.beginPutBack(signal);
  const back: { readonly server: ControlPlaneServer; readonly flags: FlagChange }[] = [];
  for (const server of going) {
    working.began(putBackStep(server));
    back.push({ server, flags: await server.files.putBack(signal) });
  }
  for (const { server, flags } of back) {
    const onWait = waitingFor(working, server.api.name);
    working.restarted(putBackStep(server), await settled(server.api, flags, { clock, signal, onWait }));
  }
  for (const { files } of going) await files.endPutBack(signal);
  return going.map(({ api }) => api.name);
}
