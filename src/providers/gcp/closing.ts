import { defined, isoSeconds } from "../../core/base/index.ts";
import type { ProviderName } from "../../rules/gcp/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import type { GoogleApi } from "./api.ts";
import { operate } from "./kept.ts";
import { readProvider } from "./keys.ts";
import { readPool } from "./pool-resource.ts";
import { poolPath, providerPath } from "./resource-paths.ts";
import { settle } from "./settle.ts";
import { type GoogleResourceState, maxDescription } from "./shapes.ts";

/** What is known of a pool or provider that was closed after a theft. Milliseconds since the epoch. */
export interface ClosedMark {
  readonly closedAt: number;
  /** When the stolen key was out of what is published, as seen from outside; absent until it was. */
  readonly goneAt?: number;
}

/** A pool, or a provider of it, that may be closed. */
export interface GoogleClosable {
  readonly name: Pick<ProviderName, "pool" | "projectNumber">;
  /** Absent: the pool itself. */
  readonly provider?: string;
}

// Words of the description: podtrust of every release keeps text that stands behind its own mark.
const closedWord = "closed-after-theft";
const goneWord = "key-gone";
const words = new RegExp(` ?\\b(?:${closedWord}|${goneWord})=\\S*`, "gu");

function timeOf(description: string, word: string): number | undefined {
  const found = new RegExp(`(?:^| )${word}=(\\S+)`, "u").exec(description)?.[1];
  const time = Date.parse(found ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The mark of a pool or provider that is closed after a theft; undefined for one that is not: in use, or disabled by somebody
 * for another reason. It is disabled, which no podtrust but `--reopen` takes back.
 */
export function closedMarkOf({ disabled, description }: GoogleResourceState): ClosedMark | undefined {
  const closedAt = timeOf(description, closedWord);
  if (!disabled || closedAt === undefined) return undefined;
  const goneAt = timeOf(description, goneWord);
  return { closedAt, ...defined({ goneAt }) };
}

/** A description without the mark. */
const unmarked = (description: string): string => description.replaceAll(words, "").trim();

/** The same with it. Of a text that leaves no room for it, which no podtrust writes, the end is lost. */
function marked(description: string, { closedAt, goneAt }: ClosedMark): string {
  const gone = goneAt === undefined ? "" : ` ${goneWord}=${isoSeconds(goneAt)}`;
  const mark = `${closedWord}=${isoSeconds(closedAt)}${gone}`;
  return `${unmarked(description).slice(0, maxDescription - mark.length - 1)} ${mark}`.trim();
}

const pathOf = ({ name, provider }: GoogleClosable): string =>
  provider === undefined ? poolPath(name) : providerPath({ ...name, provider });

const titleOf = ({ name, provider }: GoogleClosable): string =>
  provider === undefined ? `pool ${name.pool}` : `provider ${provider} of the pool ${name.pool}`;

const readOf = (
  api: GoogleApi,
  { name, provider }: GoogleClosable,
  signal: AbortSignal,
): Promise<GoogleResourceState | undefined> =>
  provider === undefined ? readPool(api, name, signal) : readProvider(api, { ...name, provider }, signal);

/** Writes `disabled` and description in one call, so that neither is ever without the other. */
function written(
  api: GoogleApi,
  one: GoogleClosable,
  work: Pick<Work, "signal" | "waiting">,
  next: (
    found: GoogleResourceState,
  ) => { readonly disabled: boolean; readonly description: string } | undefined,
): Promise<void> {
  const path = pathOf(one);
  return settle(api, work, async () => {
    const found = await readOf(api, one, work.signal);
    if (found === undefined || found.state === "DELETED") return undefined;
    const body = next(found);
    if (body === undefined) return undefined;
    const what = `${body.disabled ? "closing" : "opening"} the ${titleOf(one)}`;
    const query = { updateMask: "disabled,description" };
    return { what, make: () => operate(api, { method: "PATCH", path, query, body, what }, path, work) };
  });
}

/**
 * Disables a pool or provider, with the mark. A disabled pool exchanges no token, and what it gave counts no more; a disabled
 * provider exchanges none, and what it gave lives on (IAM API v1, `WorkloadIdentityPool` and `WorkloadIdentityPoolProvider`,
 * `disabled`). One that is disabled already keeps the mark that it has, or has none. Throws `gcp-*`.
 */
export function closeAfterTheft(
  api: GoogleApi,
  one: GoogleClosable,
  closedAt: number,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  return written(api, one, work, ({ disabled, description }) =>
    disabled ? undefined : { disabled: true, description: marked(description, { closedAt }) },
  );
}

/** Notes when the stolen key was seen to be published no more; the first time counts. Throws `gcp-*`. */
export function noteKeyGone(
  api: GoogleApi,
  one: GoogleClosable,
  goneAt: number,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  return written(api, one, work, (found) => {
    const mark = closedMarkOf(found);
    if (mark === undefined || mark.goneAt !== undefined) return undefined;
    return { disabled: true, description: marked(found.description, { ...mark, goneAt }) };
  });
}

/** Enables what carries the mark, and takes the mark away; anything else stays. Throws `gcp-*`. */
export function reopenAfterTheft(
  api: GoogleApi,
  one: GoogleClosable,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  return written(api, one, work, (found) =>
    closedMarkOf(found) === undefined
      ? undefined
      : { disabled: false, description: unmarked(found.description) },
  );
}
