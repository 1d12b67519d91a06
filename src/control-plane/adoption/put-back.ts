import { PodtrustError } from "../../core/base/index.ts";
import type { ServerStep } from "../../rules/adoption/index.ts";
import type { FlagChange } from "../../rules/distribution/index.ts";
import { type ControlPlaneServer, settled } from "../servers/index.ts";
import type { Working } from "./change-server.ts";
import type { AdoptionContext } from "./gather.ts";

/** Of `AdoptionContext` what is there while no API server answers. */
export type UnaskedContext = Pick<AdoptionContext, "api" | "servers" | "clock" | "signal">;

const away: readonly string[] = ["cluster-unreachable", "cluster-not-ready"];

async function answers(asked: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // A machine that SSH does not reach says nothing of its API server.
    if (error instanceof PodtrustError && error.code.startsWith("ssh-")) throw error;
    return !(error instanceof PodtrustError && away.includes(error.code));
  }
}

/** Throws `adoption-refused` where an API server answers: then there is somebody to ask who breaks. And `ssh-*`. */
export async function checkUnanswered({ api, servers, signal }: UnaskedContext): Promise<void> {
  const all = [
    { name: api.server, asked: api.oidcDocuments({ signal }) },
    ...servers.map((one) => ({ name: one.api.name, asked: one.api.discovery(signal) })),
  ];
  const said = await Promise.all(all.map(({ asked }) => answers(asked, signal)));
  const found = all.find((_, index) => said[index] === true);
  if (found === undefined) return;
  throw new PodtrustError("adoption-refused", `the API server ${found.name} answers`, {
    next: "Leave out --without-api: what answers is asked who breaks, and the way back refuses no token.",
    detail: { reason: "api-answers", server: found.name },
  });
}

/** What nobody says while no API server answers: a sentence each, to be told before anything is done. */
export const unasked: readonly string[] = [
  "which pods, Secrets and controllers hold a token: the steps of adopt and rotate take one another's tokens, so none is refused for going one step back",
  "whether the cluster has API servers that cluster.servers does not list",
  "what AWS and the published documents say: they stay as they are",
];

const stepOf = ({ api }: ControlPlaneServer): ServerStep => ({
  kind: "put-back",
  server: api.name,
  done: false,
});

/**
 * Puts back over SSH alone what stood on each server before podtrust's last change, whatever that was for, and waits until its API
 * server answers again. Gives the servers whose files that changed. Throws `adoption-refused` where nothing is kept,
 * `server-file-changed` where somebody else has changed a file since, `server-not-settled`, `ssh-*`.
 */
export async function putBackUnasked(
  { servers, clock, signal }: UnaskedContext,
  working: Working,
): Promise<readonly string[]> {
  const back: { readonly server: ControlPlaneServer; readonly flags: FlagChange }[] = [];
  for (const server of servers) {
    working.began(stepOf(server));
    const flags = await server.files.putBack(signal);
    if (flags !== undefined) back.push({ server, flags });
  }
  if (back.length === 0) {
    const names = servers.map(({ api }) => api.name).join(", ");
    throw new PodtrustError(
      "adoption-refused",
      `nothing is kept on ${names} from before a last change of podtrust's`,
      {
        next: "Look at the API server's log on the machine, by crictl logs or journalctl: its files are not why it is down, or somebody else changed them.",
        detail: { reason: "nothing-kept" },
      },
    );
  }
  for (const { server, flags } of back) {
    const onWait = (reason: string, deadline: number): void =>
      working.waiting(stepOf(server), reason, deadline);
    working.restarted(stepOf(server), await settled(server.api, flags, { clock, signal, onWait }));
  }
  return back.map(({ server }) => server.api.name);
}
