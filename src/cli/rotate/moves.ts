import { join } from "node:path";
import { type PrivateKey, readIdentities } from "../../core/age/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import {
  defined,
  errorText,
  isoSeconds,
  mapped,
  PodtrustError,
  silentLogger,
} from "../../core/base/index.ts";
import { type Config, declaredParties, personStateDir, publisherOf } from "../../config/index.ts";
import {
  type LeftMove,
  type OpenedRotation,
  openRotation,
  type RotationAlgorithm,
  type RotationView,
} from "../../control-plane/rotation/index.ts";
import { publishersFromBefore } from "../../control-plane/theft/index.ts";
import { canAsk, confirm, red, rich } from "../../core/terminal/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { distrustInSecret, distrustKey, openUploads } from "../../publisher/index.ts";
import type { AccessEnding } from "../../stack/index.ts";
import { boundsOf } from "../../rules/oidc/index.ts";
import {
  type AcceptedLoss,
  stillTakenText,
  storedKeysRefusal,
  theftProgressText,
  toCopyFirst,
} from "../../rules/rotation/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { publisherCacheOf } from "../options/publisher-cache.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import type { AccountLocked, RotateRun } from "./lockdown.ts";
import { answeredByWord } from "./by-word.ts";
import { endedAtParties } from "./at-parties.ts";
import { reopenAll } from "./closing.ts";
import { distrustOnMachine } from "./on-machine.ts";
import { distrustUploaded } from "./uploads.ts";
import { acrossOf, showAcross } from "./show-across.ts";

export type Move =
  | "prepare"
  | "promote"
  | "finish publication"
  | "finish verifiers"
  | "abort"
  | "run"
  | "stolen";

/** What was typed. */
export interface MoveOptions extends RouteOptions {
  readonly file?: string;
  readonly yes?: boolean;
  readonly algorithm?: RotationAlgorithm;
  /** Names of what is given up: pods, Secrets, servers, or the key itself. */
  readonly acceptLoss?: readonly string[];
  readonly wait?: boolean;
  readonly evict?: boolean;
  readonly cut?: boolean;
  readonly endSessions?: boolean;
  /** Names of roles, or all. */
  readonly reopen?: true | readonly string[];
  readonly recipient?: readonly string[];
  readonly identity?: string;
  readonly without?: readonly string[];
  readonly notAServer?: readonly string[];
  readonly copied?: boolean;
  readonly untried?: boolean;
  readonly seenThroughProxy?: boolean;
}

/** By the publisher's control socket; undefined if none answers here, as for one in pods. */
async function bySocket(stateDir: string, kid: string): Promise<object | undefined> {
  try {
    return await distrustKey(stateDir, kid, { force: true });
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "publisher-not-running") return undefined;
    throw error;
  }
}

/** Takes a key out of what is published, wherever that is done. Throws `publisher-not-running` where nothing follows. */
export async function withdrawn(
  context: CommandContext,
  config: Config,
  cluster: KubernetesApi,
  kid: string,
): Promise<void> {
  if (config.publisher === undefined) {
    const { progress } = context;
    const { keptIn, from } = await distrustUploaded({ context, config, cluster }, kid);
    if (keptIn !== undefined)
      progress.line(`${kid} is distrusted in ${keptIn}, which the operator follows.`, 2);
    for (const place of from) progress.line(`${kid} is not at ${place}.`, 2);
    return;
  }
  // Every API server has shown that it does not sign with it, or a person has said that it is stolen.
  if (await distrustOnMachine(context, config, kid)) return;
  const { stateDir } = publisherOf(config);
  if ((await bySocket(stateDir, kid)) !== undefined) return;
  const { clock, progress } = context;
  const place = await distrustInSecret(config, kid, { cluster, clock, logger: silentLogger });
  if (place === undefined) {
    throw new PodtrustError(
      "publisher-not-running",
      `no publisher answers in ${stateDir}, and the config names no Secret that one in pods follows`,
      {
        next: `Run podtrust rotate distrust ${kid} --force where the publisher runs, in a pod by kubectl exec. Or set publisher.store or publisher.distrustSecret. Then run the same command again.`,
        detail: { kid },
      },
    );
  }
  progress.line(
    `${kid} is distrusted in ${place}. The publisher's pods take it out, unless the cluster signs with it: whoever writes a Secret alone cannot have that. Then run in one of them: podtrust rotate distrust ${kid} --force`,
    2,
  );
}

/** Shows a wait once, with its reason and its end, and again when either changes. */
export function waitingLine({ progress, clock }: CommandContext): (reason: string, left: number) => void {
  let shown = "";
  return (reason, left) => {
    const until = clock.now() + left;
    // A countdown in a reason does not change it.
    const said = `${Math.round(until / 60_000)} ${reason.replaceAll(/\d+/gu, "")}`;
    if (said === shown) return;
    shown = said;
    progress.line(`waiting until ${isoSeconds(until)} at most: ${reason}`, 2);
  };
}

async function identitiesOf(context: CommandContext, name: string): Promise<readonly PrivateKey[]> {
  return readIdentities(
    await readTextFile(context, { option: "--identity", name, credential: "age-identity" }),
  );
}

/** What a command line means: its config, and how the issuer is reached. */
export async function runOf(context: CommandContext, options: MoveOptions): Promise<RotateRun> {
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  return { context, config, route: await routeOf(context, options) };
}

/** What removing a control plane node as gone means. */
const lossText = (address: string): string =>
  `${address} is removed. If it comes back, it signs with an old key: its tokens are refused elsewhere, and it refuses those of the others. Keep it from starting, or run podtrust rotate prepare with it first.`;

async function opened<T>(
  context: CommandContext,
  move: Move | "status",
  options: MoveOptions,
  work: (rotation: OpenedRotation, run: RotateRun, endings: readonly AccessEnding[]) => Promise<T>,
): Promise<T> {
  const run = await runOf(context, options);
  const endings: AccessEnding[] = [];
  const { config, route } = run;
  const { without, notAServer: notServers, identity, untried, seenThroughProxy } = options;
  const { env, clock, signal, progress } = context;
  const rotation = await openRotation({
    config,
    route,
    stateDir: join(personStateDir(env), config.stack),
    given: await openUploads(config, { env, clock, logger: silentLogger }),
    publisherCache: publisherCacheOf(config),
    env,
    clock,
    signal,
    consent: consentOf(context),
    notice: (text) => progress.line(`note: ${text}`, 6),
    ...defined({
      without,
      notServers,
      untried,
      seenThroughProxy,
      identities: await mapped(identity, (name) => identitiesOf(context, name)),
    }),
    withdraw: (kid, cluster) => withdrawn(context, config, cluster, kid),
    async onWithdrawn(kid) {
      endings.push(...(await endedAtParties(context, run, kid)));
    },
    ...(move === "stolen" || move === "status"
      ? { onUnkept: (why: string) => progress.line(`note: nothing is remembered of this: ${why}`, 6) }
      : {}),
    // Whoever writes Leases stops no answer to a theft.
    ...(move === "stolen" ? { onUnlisted: (why: string) => context.output.line(`Open: ${why}.`) } : {}),
    onStep: (text) => progress.line(text, 2),
    onWait: waitingLine(context),
  });
  try {
    for (const address of without ?? []) context.output.line(lossText(address));
    return await work(rotation, run, endings);
  } finally {
    await rotation.close();
  }
}

const questions: Readonly<Record<Exclude<Move, "stolen">, string>> = {
  prepare: "Make a next key and restart each API server once?",
  promote: "Sign with the next key, restarting each API server once?",
  "finish publication": "Take the previous key out of what is published?",
  "finish verifiers": "Take the previous key out of every API server, restarting each once?",
  abort: "Go back, restarting each API server once?",
  run: "Rotate, restarting each API server three times?",
};

async function agreed(
  context: CommandContext,
  { yes }: MoveOptions,
  move: string,
  question: string,
): Promise<void> {
  if (yes === true || (await confirm(context, `rotate ${move}`, question))) return;
  throw new PodtrustError("interrupted", "the answer was no; nothing was done");
}

// Before the question: the others judge for themselves what of them is possible.
const changingMoves: readonly Move[] = ["prepare", "promote", "run", "finish verifiers"];

/** Refuses a move that gives API servers other keys where podtrust does not change them, or there is no copy to go back to. */
async function checkChangeable(
  context: CommandContext,
  { copied, yes }: MoveOptions,
  { facts }: RotationView,
): Promise<void> {
  const refusal = storedKeysRefusal(facts);
  if (refusal !== undefined) {
    const { message, next, reason } = refusal;
    throw new PodtrustError("rotation-refused", message, { next, detail: { reason } });
  }
  const what = copied === true ? undefined : toCopyFirst(facts);
  if (what === undefined) return;
  context.output.line(`${what}.`);
  const isAsked = yes !== true && canAsk(context);
  if (isAsked && (await confirm(context, "rotate", "Is all of that done?"))) return;
  throw new PodtrustError("rotation-refused", what, {
    next: "Do that, then run the same command with --copied.",
    detail: { reason: "not-copied" },
  });
}

/**
 * Publishers in pods from before a key had ended, as the servers remember that; undefined where this cannot be looked at: an opening needs
 * the clouds alone.
 */
async function publishersSince(
  context: CommandContext,
  { config: { servers, publisher, machine } }: RotateRun,
  options: MoveOptions,
  kid?: string,
): Promise<readonly string[] | undefined> {
  if (servers === undefined || publisher === undefined || machine !== undefined) return undefined;
  const { signal, progress } = context;
  try {
    return await opened(context, "status", options, async ({ thefts, cluster }) => {
      const known = await thefts.read(signal);
      const ended = known.thefts.find(({ stolen }) => stolen === kid)?.endedAt;
      return ended === undefined ? undefined : publishersFromBefore(cluster, ended, signal);
    });
  } catch (error) {
    signal.throwIfAborted();
    progress.line(`note: publishers in pods were not looked at: ${errorText(error)}`, 6);
    return undefined;
  }
}

/** One move across the API servers of the config. */
export async function runMove(
  context: CommandContext,
  move: Move,
  options: MoveOptions,
  kid?: string,
): Promise<void> {
  const { reopen } = options;
  if (move === "stolen" && reopen !== undefined) {
    const run = await runOf(context, options);
    const agree = (question: string): Promise<void> => agreed(context, options, "stolen", question);
    const only = reopen === true ? undefined : reopen;
    const pods = await publishersSince(context, run, options, kid);
    await reopenAll(run, { kid: kid ?? "", agree, ...defined({ only, pods }) });
    return;
  }
  await opened(context, move, options, async (one, run, parties) => {
    if (changingMoves.includes(move)) await checkChangeable(context, options, await one.rotation.look());
    let accounts: readonly AccountLocked[] = [];
    if (move === "stolen") {
      const agree = (question: string): Promise<void> => agreed(context, options, "stolen", question);
      accounts = await answeredByWord(run, one, options, { kid: kid ?? "", agree });
    } else await moved(run, one, move, { ...options, ...defined({ kid }) });
    const across = acrossOf(await one.rotation.look());
    showAcross(context, across);
    context.output.result({
      ...across,
      ...(accounts.length === 0 ? {} : { accounts }),
      ...(parties.length === 0 ? {} : { parties }),
    });
  });
}

/** The default algorithm of a key: ES256 if every relying party of the config verifies it. */
export function standardAlgorithm(config: Config): RotationAlgorithm {
  const isTaken = declaredParties(config).every((name) =>
    boundsOf(name).algorithms.some((one) => one === "ES256"),
  );
  return isTaken ? "ES256" : "RS256";
}

async function moved(
  { context, config }: RotateRun,
  { rotation }: OpenedRotation,
  move: Exclude<Move, "stolen">,
  options: MoveOptions & { readonly kid?: string },
): Promise<void> {
  const { algorithm = standardAlgorithm(config), kid, recipient } = options;
  const accepted: AcceptedLoss = new Set(options.acceptLoss);
  await agreed(context, options, move, questions[move]);
  if (move === "prepare") await rotation.prepare(algorithm, recipient);
  else if (move === "promote") await rotation.promote();
  else if (move === "abort") await rotation.abort();
  else if (move === "run") {
    const onLeft = (left: LeftMove, text: string, from: number | undefined): void => {
      const when = from === undefined ? "now" : `from ${isoSeconds(from)} on`;
      context.output.line(`Left to do, ${when}: podtrust rotate ${left}. ${text}`);
    };
    await rotation.run(algorithm, onLeft, recipient);
  } else {
    const done =
      move === "finish publication"
        ? await rotation.finishPublication(kid, accepted)
        : await rotation.finishVerifiers(kid, accepted);
    context.output.line(done === undefined ? "No previous key is left." : `${move}: ${done}`);
  }
}

/** The part of `rotate status` across API servers; undefined for a config that names none. */
export async function statusAcross(
  context: CommandContext,
  options: MoveOptions,
): Promise<object | undefined> {
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  if (config.servers === undefined) return undefined;
  return opened(context, "status", options, async ({ rotation, thefts: remembered }) => {
    const { thefts } = await remembered.read(context.signal);
    for (const theft of thefts) context.output.line(theftProgressText(theft));
    const view = await rotation.look();
    for (const line of stillTakenText(thefts, view.facts)) context.output.line(rich`${red("open")}: ${line}`);
    const across = acrossOf(view);
    showAcross(context, across);
    return { rotation: across, ...(thefts.length === 0 ? {} : { thefts }) };
  });
}
