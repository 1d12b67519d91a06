import { PodtrustError, until } from "../../core/base/index.ts";
import { type ControlPlaneServer, restartMs, settled } from "../servers/index.ts";
import { type ChangeContext, checkTokens, waitingFor, type Working } from "./change-server.ts";
import { answers, putBackStep } from "./put-back.ts";
import { waysBack } from "./way-back.ts";

/** The part of `AdoptionContext` that is available while some of its API servers do not answer. */
export type StoppedContext = ChangeContext;

async function silentOf(
  servers: readonly ControlPlaneServer[],
  signal: AbortSignal,
): Promise<readonly ControlPlaneServer[]> {
  const said = await Promise.all(servers.map(({ api }) => answers(api.discovery(signal), signal)));
  return servers.filter((_, index) => said[index] === false);
}

/** Those on which podtrust's last change can be reverted. Throws `server-file-changed`. */
async function changedOf(
  servers: readonly ControlPlaneServer[],
  signal: AbortSignal,
): Promise<readonly ControlPlaneServer[]> {
  const ways = await waysBack(servers, signal);
  return ways.flatMap(({ server, previous }) => (previous?.isBack === false ? [server] : []));
}

/**
 * The API servers that do not answer for a minute, and in whose files podtrust's last change can be reverted:
 * an interrupted run has left them so. None if each of them answers by then. Throws `server-file-changed`,
 * `ssh-*`.
 */
export async function findStopped(
  { servers, clock, signal }: StoppedContext,
  working: Pick<Working, "waiting">,
): Promise<readonly ControlPlaneServer[]> {
  let stopped = await changedOf(await silentOf(servers, signal), signal);
  const [first] = stopped;
  if (first === undefined) return [];
  const late = new PodtrustError("server-not-settled", `${first.api.name} does not answer`);
  const waited = until<true>({
    clock,
    withinMs: restartMs,
    delays: [1000],
    signal,
    look: async () => {
      stopped = await silentOf(stopped, signal);
      const names = stopped.map(({ api }) => api.name).join(", ");
      return stopped.length === 0 ? { is: true } : { waitsFor: `${names}: no answer; it may be restarting` };
    },
    onWait: waitingFor(working, first.api.name),
    late: () => late,
  });
  await waited.catch((error: unknown) => {
    if (error !== late) throw error;
  });
  return stopped;
}

/**
 * Restores on these servers the files from before podtrust's last change, as the run that made it would have
 * done, waits until each answers again, and tries the tokens of all that answer at each other. Returns their
 * names. Throws `server-file-changed`, `server-not-settled`, `adoption-token-refused`, `ssh-*`.
 */
export async function putBackStopped(
  context: StoppedContext,
  stopped: readonly ControlPlaneServer[],
  working: Working,
): Promise<readonly string[]> {
  const { servers, clock, signal } = context;
  for (const server of stopped) {
    const step = putBackStep(server);
    working.began(step);
    const flags = await server.files.putBack(signal);
    const onWait = waitingFor(working, server.api.name);
    working.restarted(step, await settled(server.api, flags, { clock, signal, onWait }));
    await server.files.endPutBack(signal);
  }
  const silent = await silentOf(servers, signal);
  await checkTokens({ ...context, servers: servers.filter((one) => !silent.includes(one)) });
  return stopped.map(({ api }) => api.name);
}
