import { PodtrustError } from "../../core/base/index.ts";
import {
  type KeyEndProof,
  type KeySources,
  type TaintedKey,
  taintedAt,
  taintedKeys,
  type TheftProgress,
} from "../../rules/rotation/index.ts";
import { type RotationAlgorithm, type Sights, untilPublished, type WaitDeps } from "../rotation/index.ts";
import { proven, tokenBefore } from "./prove.ts";
import type { TheftServer } from "./theft-server.ts";

/** What becomes public instead of the tainted keys. */
export interface KeyReplacement {
  readonly fresh: { readonly kid: string; readonly publicKey: string };
  readonly tainted: readonly TaintedKey[];
}

export interface EndTheftDeps extends WaitDeps {
  readonly servers: readonly TheftServer[];
  readonly algorithm: RotationAlgorithm;
  /** The servers one after the other; together by default, since each further restart is the thief's time. */
  readonly oneByOne?: boolean;
  /** Closes what relying parties let in, podtrust's own access first. Asks the cluster nothing. */
  close(): Promise<void>;
  /** Publishes the fresh key, and no tainted one, by the person's own credentials. */
  replace(keys: KeyReplacement): Promise<void>;
  /** Called once no tainted key is seen from outside: parties that would keep one are made to fetch. */
  onWithdrawn(): Promise<void>;
  /** What is published as seen from outside. */
  published(signal: AbortSignal): Promise<Sights>;
  /** Remembers how far this has come, and gives what is remembered then, by other runs too. Its failure is a note: nothing stops the answer. */
  keep(progress: TheftProgress): Promise<TheftProgress>;
  /** What was done: a sentence. */
  readonly onStep: (text: string) => void;
}

/** Makes the fresh key on the first server, and brings it to the others, encrypted to each. */
async function distributed(
  { servers, algorithm, signal, onStep }: EndTheftDeps,
  known: string | undefined,
): Promise<KeyReplacement["fresh"]> {
  const [first, ...others] = servers;
  if (first === undefined) throw new TypeError("a cluster without an API server");
  const held = known === undefined ? undefined : await first.heldHalf(known, signal);
  const kid = known !== undefined && held !== undefined ? known : await first.makeKey(algorithm, signal);
  if (kid !== known) onStep(`${first.name}: the key ${kid} was made (${algorithm}); it signs nothing yet.`);
  for (const server of others) {
    if ((await server.heldHalf(kid, signal)) !== undefined) continue;
    await server.takeKey(kid, await first.sealKey(kid, await server.recipient(signal), signal), signal);
    onStep(`${server.name}: has the key ${kid}.`);
  }
  const publicKey = held ?? (await first.heldHalf(kid, signal));
  if (publicKey === undefined) throw new TypeError(`${first.name} does not hold the key that it made`);
  return { kid, publicKey };
}

function missingOutside({ seen, failures }: Sights, { fresh, tainted }: KeyReplacement): string | undefined {
  if (seen.length === 0) return `nothing is seen from outside (${failures.join("; ")})`;
  for (const { where, kids } of seen) {
    if (kids === undefined) return `what is published ${where} cannot be read`;
    if (!kids.includes(fresh.kid)) return `${fresh.kid} is not yet published ${where}`;
    const other = tainted.find(({ kid }) => kids.includes(kid));
    if (other !== undefined) return `${other.kid} is still published ${where}`;
  }
  return undefined;
}

/** Waits until the fresh key and no tainted one is seen over each family of addresses, and at each place of uploads. */
function seenOutside(deps: EndTheftDeps, keys: KeyReplacement): Promise<void> {
  return untilPublished(
    async () => missingOutside(await deps.published(deps.signal), keys),
    (reason) =>
      new PodtrustError("theft-unproven", `what is published: not within 10 minutes; last: ${reason}`, {
        next: "Look with podtrust rotate status why, then run the same command again: it continues where it was. Everything stays closed.",
      }),
    deps,
  );
}

/** One restart from whatever keys to the fresh one alone; the server goes back where that is not shown. */
async function replacedAt(
  server: TheftServer,
  fresh: string,
  deps: EndTheftDeps,
  isStored = true,
): Promise<KeyEndProof> {
  const { signal, onStep } = deps;
  const before = await tokenBefore(server, fresh, signal);
  await server.write({ verify: [fresh], signing: fresh }, signal, { isStored });
  const proof = await proven(server, fresh, before, deps);
  onStep(
    proof === "tokens"
      ? `${server.name}: signs with ${fresh} alone; it refuses a token of the former key that it took before.`
      : `${server.name}: signs with ${fresh} alone, by its key files: it made no token before its restart that could be shown to it again.`,
  );
  return proof;
}

async function firstReplaced(server: TheftServer, fresh: string, deps: EndTheftDeps): Promise<KeyEndProof> {
  try {
    return await replacedAt(server, fresh, deps, false);
  } catch (error) {
    deps.signal.throwIfAborted();
    await server.putBack(deps.signal);
    deps.onStep(
      `${server.name}: its files are as they were before, and it signs as before. All else stays closed.`,
    );
    throw error;
  }
}

/** Where an answer begins. Throws `rotation-key-unknown` for a key that nothing shows. */
export function beginTheft(sources: KeySources, stolen: string): TheftProgress {
  const tainted = taintedKeys(sources, stolen);
  if (tainted.length > 0) return { stolen, way: "at-once", tainted, servers: {} };
  throw new PodtrustError(
    "rotation-key-unknown",
    `no API server verifies ${stolen}, and it is not published`,
    {
      detail: { kid: stolen },
    },
  );
}

/** Servers that are not shown to be through, or show a tainted key again. */
function leftOf({ servers }: EndTheftDeps, sources: KeySources, progress: TheftProgress) {
  const kids = progress.tainted.map(({ kid }) => kid);
  const shows = new Set(taintedAt(sources, kids).map(({ name }) => name));
  return servers.filter(({ name }) => progress.servers[name] === undefined || shows.has(name));
}

/** Two runs at once: the one whose fresh key is not the one that all of them remember goes no further. */
function checkSame(made: string, { fresh = made, stolen }: TheftProgress): void {
  if (fresh === made) return;
  throw new PodtrustError("rotation-elsewhere", `another run answers the theft of ${stolen}, with ${fresh}`);
}

/**
 * Ends a theft at once: relying parties are closed, what is published goes to a fresh key alone, and so does each API server in one
 * restart. Throws `theft-unproven`, `rotation-elsewhere`, and what machines and servers do. It can be run again after an interruption
 * anywhere, from any machine, with what the servers remember.
 */
export async function endTheft(
  deps: EndTheftDeps,
  sources: KeySources,
  from: TheftProgress,
): Promise<TheftProgress> {
  const { clock, servers, signal, onStep } = deps;
  let progress = from;
  let noting = Promise.resolve();
  // One after the other: servers come to their ends at once.
  const note = (more: Partial<TheftProgress>): Promise<void> =>
    (noting = noting.then(async () => {
      const proofs = { ...progress.servers, ...more.servers };
      progress = await deps.keep({ ...progress, ...more, servers: proofs });
    }));
  await note({});
  await deps.close();
  const fresh = await distributed(deps, progress.fresh);
  await note({ fresh: fresh.kid });
  checkSame(fresh.kid, progress);
  // What an earlier run has taken away already is shown nowhere any more.
  const found = taintedKeys(sources, from.stolen, fresh.kid);
  const known = new Set(progress.tainted.map(({ kid }) => kid));
  await note({ tainted: [...progress.tainted, ...found.filter(({ kid }) => !known.has(kid))] });
  const keys = { fresh, tainted: progress.tainted };
  await deps.replace(keys);
  await seenOutside(deps, keys);
  await deps.onWithdrawn();
  if (progress.publishedAt === undefined) await note({ publishedAt: clock.now() });
  const left = leftOf(deps, sources, progress);
  const isFirst = left.length === servers.length;
  const proof = async (server: TheftServer, work: typeof replacedAt): Promise<void> => {
    await note({ servers: { [server.name]: await work(server, fresh.kid, deps) } });
    await keysEnded(server);
  };
  // Once a server is through nothing on it is a way back.
  const keysEnded = async (server: TheftServer): Promise<void> => {
    for (const text of await server.endKeys(fresh.kid, signal)) onStep(`${server.name}: ${text}`);
  };
  for (const server of servers) if (!left.includes(server)) await keysEnded(server);
  const [first, ...others] = left;
  if (first !== undefined) await proof(first, isFirst ? firstReplaced : replacedAt);
  if (deps.oneByOne === true) for (const server of others) await proof(server, replacedAt);
  else await allOf(others.map((server) => proof(server, replacedAt)));
  await note({ endedAt: clock.now() });
  return progress;
}

/** Each comes to its end before the first failure is thrown: a server that is left behind helps the thief. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
