import { type Readiness, PodtrustError, until, type UntilOptions } from "../../core/base/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import type { HetznerApi } from "./client.ts";
import { hetznerCodeOf, isHetznerCode } from "./failure.ts";
import type { AnswerFields } from "./fields.ts";
import { type Action, actionOf } from "./shapes.ts";

/** A wait for something that Hetzner does. */
export interface ActionWait {
  /** In words: `server prod`. */
  readonly what: string;
  /** Milliseconds. */
  readonly within: number;
}

const minute = 60_000;
/** A server is made in seconds, and in minutes on a bad day. */
export const actionTimeoutMs: number = 10 * minute;
/** What a deleted server had is released within seconds, "sometimes longer" (Hetzner's Terraform provider). */
export const releaseTimeoutMs: number = 5 * minute;

// Hetzner's Go client asks twice a second for up to 25 at a time; waiting a little longer each time costs less.
const batch = 25;
const delays = [500, 500, 1000, 1000, 2000] as const;

function tooSlow(what: string, reason: string, within: number): PodtrustError {
  const sentence = `${what}: ${reason}; given up after ${Math.round(within / 1000)} s`;
  return new PodtrustError("hetzner-too-slow", sentence, { detail: { what, reason } });
}

/** The actions of an answer that has one as `action`, several as `actions`, and more as `next_actions`. */
export function actionsIn(answer: AnswerFields): readonly Action[] {
  const one = answer.optionalFields("action");
  const all = [
    ...(one === undefined ? [] : [one]),
    ...answer.list("actions"),
    ...answer.list("next_actions"),
  ];
  return all.map(actionOf);
}

function failed({ what }: ActionWait, { command, error, id }: Action): PodtrustError {
  const { code = "", message = "" } = error ?? {};
  const words = [message, code === "" ? "" : `(${code})`].filter(Boolean).join(" ");
  const sentence = `${what}: Hetzner's ${command} failed${words === "" ? " without a word why" : `: ${words}`}`;
  return new PodtrustError("hetzner-action-failed", sentence, { detail: { action: id, hetznerCode: code } });
}

/** Asks for running actions again. Throws `hetzner-action-failed` for one that the API no longer knows. */
async function askedAgain(
  api: HetznerApi,
  running: readonly Action[],
  wait: ActionWait,
  signal: AbortSignal,
): Promise<readonly Action[]> {
  const found: Action[] = [];
  for (let at = 0; at < running.length; at += batch) {
    const ids = running.slice(at, at + batch).map(({ id }) => String(id));
    const query = ids.map((id): [string, string] => ["id", id]);
    const answer = await api.get("actions", "asking how far the work is", signal, query);
    found.push(...answer.neededList("actions").map(actionOf));
  }
  const lost = running.find(({ id }) => !found.some((one) => one.id === id));
  if (lost !== undefined)
    throw failed(wait, { ...lost, error: { code: "", message: "the API no longer knows it" } });
  return found;
}

function untilLate<T>(
  {
    api,
    within,
    look,
    late,
  }: Pick<UntilOptions<T>, "look" | "late"> & {
    readonly api: HetznerApi;
    readonly within: number;
  },
  work: Pick<Work, "signal" | "waiting">,
): Promise<T> {
  const { signal } = work;
  const onWait = (reason: string, deadline: number): void => work.waiting(reason, deadline);
  return until({ clock: api.clock, withinMs: within, delays, signal, look, onWait, late });
}

/**
 * Waits until actions have succeeded, and says how far they are. Throws `hetzner-action-failed` for one that ended
 * otherwise or that the API no longer knows, and `hetzner-too-slow` at the deadline.
 */
export async function awaitActions(
  api: HetznerApi,
  started: readonly Action[],
  wait: ActionWait,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  let actions = started;
  let running: readonly Action[] = [];
  const look = async (looks: number): Promise<Readiness<true>> => {
    if (looks > 0) actions = await askedAgain(api, running, wait, work.signal);
    const broken = actions.find(({ status }) => status === "error");
    if (broken !== undefined) throw failed(wait, broken);
    running = actions.filter(({ status }) => status !== "success");
    const [first] = running;
    if (first === undefined) return { is: true };
    const least = Math.min(...running.map(({ progress }) => progress));
    return { waitsFor: `${first.command} at ${Math.round(least)} %` };
  };
  const late = (): PodtrustError =>
    tooSlow(wait.what, `${running[0]?.command ?? ""} is not over`, wait.within);
  await untilLate({ api, within: wait.within, look, late }, work);
}

/** What to look for, and what to say while it is not there. */
export interface Awaited<T> extends ActionWait {
  readonly look: () => Promise<Readiness<T>>;
}

/** Polls until it is as wanted. Throws `hetzner-too-slow`. */
export function untilReady<T>(
  api: HetznerApi,
  { what, within, look }: Awaited<T>,
  work: Pick<Work, "signal" | "waiting">,
): Promise<T> {
  const late = (reason: string): PodtrustError => tooSlow(what, reason, within);
  return untilLate({ api, within, look, late }, work);
}

/** Retries what Hetzner refuses for a while with one of these codes, because something else has not ended yet. */
export function retryOnCodes<T>(
  api: HetznerApi,
  { what, within, codes }: ActionWait & { readonly codes: readonly string[] },
  work: Pick<Work, "signal" | "waiting">,
  call: () => Promise<T>,
): Promise<T> {
  let refusal: PodtrustError | undefined;
  const look = async (): Promise<Readiness<T>> => {
    try {
      return { is: await call() };
    } catch (error) {
      if (!(error instanceof PodtrustError) || !isHetznerCode(error, ...codes)) throw error;
      refusal = error;
      return { waitsFor: `Hetzner is not done with what it belongs to (${hetznerCodeOf(error)})` };
    }
  };
  return untilReady(api, { what, within, look }, work).catch((error: unknown) => {
    // Hetzner's last answer says more than that it took too long.
    if (error instanceof PodtrustError && error.code === "hetzner-too-slow") throw refusal ?? error;
    throw error;
  });
}
