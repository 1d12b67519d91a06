import { PodtrustError, textOf } from "../../core/base/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { KeyEndProof } from "../../rules/rotation/index.ts";
import { untilRestarted, type WaitDeps } from "../rotation/index.ts";
import type { TheftServer } from "./theft-server.ts";

const kidOf = (token: string): string | undefined => textOf(parseJws(token).kid);

/**
 * A token that the server's present key signs and that it takes itself; undefined where it makes none, as while it is away, or
 * where that key is the fresh one already. Nothing
 * shorter proves anything afterwards: a token that was refused before is refused still.
 */
export async function tokenBefore(
  server: TheftServer,
  fresh: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const token = await server.mint(signal);
    // A run that was cut off has come that far: it is taken afterwards, too.
    if (kidOf(token) === fresh) return undefined;
    return (await server.accepts(token, signal)) ? token : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PodtrustError) return undefined;
    throw error;
  }
}

/** What is still missing at one server; undefined where nothing is. */
async function missing(
  server: TheftServer,
  fresh: string,
  before: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { keys } = await server.look(signal);
  if (keys.signs !== fresh)
    return `it signs with ${keys.signs ?? "no key that is known"}, and not yet with ${fresh}`;
  const other = keys.verifies.find((kid) => kid !== fresh);
  if (other !== undefined) return `it verifies ${other} still`;
  const token = await server.mint(signal);
  if (kidOf(token) !== fresh) return `it signs with ${kidOf(token) ?? "no key that is known"}`;
  if (!(await server.accepts(token, signal))) return "it refuses the token that it made";
  if (before !== undefined && (await server.accepts(before, signal)))
    return `it takes a token of ${kidOf(before) ?? "the former key"} still`;
  return undefined;
}

/**
 * Waits until an API server signs with the fresh key alone and refuses what it took before. A pair of tokens shows it that differ by
 * their key alone; a key set does not, since a verifier may be left out of that. Throws `theft-unproven` after five minutes.
 */
export async function proven(
  server: TheftServer,
  fresh: string,
  before: string | undefined,
  deps: WaitDeps,
): Promise<KeyEndProof> {
  await untilRestarted(
    server.name,
    () => missing(server, fresh, before, deps.signal),
    (reason, seconds) =>
      new PodtrustError(
        "theft-unproven",
        `API server ${server.name}: it is not shown within ${seconds} s that no tainted key is of use there; last: ${reason}`,
        { detail: { server: server.name, reason } },
      ),
    deps,
  );
  return before === undefined ? "files" : "tokens";
}
