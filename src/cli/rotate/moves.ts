import { join } from "node:path";
import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, personStateDir, publisherOf } from "../../config/index.ts";
import {
  answerTheft,
  dilemmaOf,
  evictHit,
  type OpenedRotation,
  openRotation,
  type RotationAlgorithm,
  theftOf,
} from "../../control-plane/rotation/index.ts";
import { confirm } from "../../core/terminal/index.ts";
import { distrustKey, maxAge } from "../../publisher/index.ts";
import { theftText } from "../../rules/rotation/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { pluginConsent } from "../options/plugin-consent.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { distrustOnMachine } from "./on-machine.ts";
import { timeText } from "./show.ts";
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
  readonly acceptLoss?: boolean;
  readonly wait?: boolean;
  readonly evict?: boolean;
}

async function withdrawn(context: CommandContext, config: Config, kid: string): Promise<void> {
  // It was asked at every API server that none signs with it, or a person has said that it is stolen.
  if (await distrustOnMachine(context, config, kid)) return;
  await distrustKey(publisherOf(config).stateDir, kid, { force: true });
}

/** Shows a wait once, with its reason and its end, and again when either is another. */
function waitingLine({ progress, clock }: CommandContext): (reason: string, left: number) => void {
  let shown = "";
  return (reason, left) => {
    const until = clock.now() + left;
    // What counts down in a reason makes it no other.
    const said = `${Math.round(until / 60_000)} ${reason.replaceAll(/\d+/gu, "")}`;
    if (said === shown) return;
    shown = said;
    progress.line(`waiting until ${timeText(until)} at most: ${reason}`, 2);
  };
}

async function opened<T>(
  context: CommandContext,
  options: MoveOptions,
  work: (rotation: OpenedRotation) => Promise<T>,
): Promise<T> {
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const { env, clock, signal, progress } = context;
  const rotation = await openRotation({
    config,
    route: await routeOf(context, options),
    stateDir: join(personStateDir(env), config.stack),
    publisherCache: maxAge(publisherOf(config).cacheControl),
    env,
    clock,
    signal,
    consent: pluginConsent(context),
    notice: (text) => progress.line(`note: ${text}`, 6),
    withdraw: (kid) => withdrawn(context, config, kid),
    onStep: (text) => progress.line(text, 2),
    onWait: waitingLine(context),
  });
  try {
    return await work(rotation);
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

/** One move across the API servers of the config. */
export async function runMove(
  context: CommandContext,
  move: Move,
  options: MoveOptions,
  kid?: string,
): Promise<void> {
  await opened(context, options, async (one) => {
    if (move === "stolen") await stolen(context, one, options, kid ?? "");
    else await moved(context, one, move, { ...options, ...defined({ kid }) });
    const across = acrossOf(await one.rotation.look());
    showAcross(context, across);
    context.output.result(across);
  });
}

async function moved(
  context: CommandContext,
  { rotation }: OpenedRotation,
  move: Exclude<Move, "stolen">,
  options: MoveOptions & { readonly kid?: string },
): Promise<void> {
  const { algorithm = "ES256", acceptLoss = false, kid } = options;
  await agreed(context, options, move, questions[move]);
  if (move === "prepare") await rotation.prepare(algorithm);
  else if (move === "promote") await rotation.promote();
  else if (move === "abort") await rotation.abort();
  else if (move === "run") {
    await rotation.run(algorithm, (text, from) => {
      const when = from === undefined ? "now" : `from ${timeText(from)} on`;
      context.output.line(`Left to do, ${when}: podtrust rotate finish verifiers. ${text}`);
    });
  } else {
    const done =
      move === "finish publication"
        ? await rotation.finishPublication(kid)
        : await rotation.finishVerifiers(kid, acceptLoss);
    context.output.line(done === undefined ? "No previous key is left." : `${move}: ${done}`);
  }
}

async function stolen(
  context: CommandContext,
  { rotation, cluster }: OpenedRotation,
  options: MoveOptions,
  kid: string,
): Promise<void> {
  const { clock, output, signal } = context;
  const { wait = false } = options;
  const theft = theftOf(await rotation.look(), kid);
  for (const line of theftText(theft, timeText, clock.now())) output.line(line);
  const dilemma = dilemmaOf(theft);
  if (dilemma !== undefined && !(wait && theft.answer.way === "wait-or-lose")) throw dilemma;
  await agreed(context, options, "stolen", "Replace the key and distrust it?");
  await answerTheft(rotation, theft, wait);
  if (options.evict === true) {
    for (const { pod, outcome } of await evictHit(cluster, theft, signal)) output.line(`${pod}: ${outcome}`);
  }
  output.line(
    `API servers accept tokens of ${kid} until podtrust rotate finish verifiers ${kid} --accept-loss takes it out of them.`,
  );
}

/** The part of `rotate status` across API servers; undefined for a config that names none. */
export async function statusAcross(
  context: CommandContext,
  options: MoveOptions,
): Promise<object | undefined> {
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  if (config.servers === undefined) return undefined;
  return opened(context, options, async ({ rotation }) => {
    const across = acrossOf(await rotation.look());
    showAcross(context, across);
    return { rotation: across };
  });
}
