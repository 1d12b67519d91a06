import { defined, mapped, PodtrustError, isoSeconds } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { publisherOf } from "../../config/index.ts";
import {
  distrustKey,
  type DistrustOptions,
  type DistrustOutcome,
  publisherStatus,
  restoreKey,
} from "../../publisher/index.ts";
import { refusedText } from "../../rules/oidc/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { ask, canAsk, type Output, red, rich } from "../../core/terminal/index.ts";
import { showIssuer } from "./show.ts";

/** What was typed. */
export interface RotateOptions extends DistrustOptions {
  readonly file?: string;
  readonly state?: string;
  readonly publicKey?: string;
}

/** The most bytes of a public key in PEM. */
export const maxPem = 4096;

/** What comes after a command that did what it should: more members of `--json`. */
export type Afterwards = () => Promise<object>;

async function stateDirOf(context: CommandContext, options: RotateOptions): Promise<string> {
  if (options.state !== undefined) return context.path(options.state);
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  return publisherOf(config).stateDir;
}

/** `podtrust rotate status`. `more`: of `--json`, beside what the publisher says. */
export async function runRotateStatus(
  context: CommandContext,
  options: RotateOptions,
  more: object = {},
): Promise<void> {
  const status = await publisherStatus(await stateDirOf(context, options));
  for (const issuer of status.issuers) showIssuer(context, issuer);
  context.output.result({ ...status, ...more });
}

function printPersisted(output: Output, persisted: boolean): void {
  if (persisted) return;
  output.line(
    rich`${red("This could not be kept")}: it holds until the publisher restarts. Its log says why.`,
  );
}

/** Where a distrust is stored outside this machine, or what to do to store it. */
function printOutlives(output: Output, { outlivesIn, distrusted }: DistrustOutcome): void {
  if (outlivesIn !== undefined)
    output.line(`It is kept in ${outlivesIn} too, and so stays distrusted when this machine is lost.`);
  if (outlivesIn === "the config") return;
  output.line(
    outlivesIn === undefined
      ? "Only the publisher's state directory knows of it. So that it outlives that, add to the config:"
      : "Whoever puts an old copy of that place back, as a restore of etcd does, takes it back. What survives that is the config:",
  );
  output.line("  publisher:");
  output.line(`    distrusted: [${distrusted.join(", ")}]`);
}

/** Asks if the cluster signs with the key, or may, and then continues by force; undefined if the user declines. */
export async function distrustAsking<T>(
  context: CommandContext,
  distrust: (force: boolean) => Promise<T>,
  isForced = false,
): Promise<T | undefined> {
  try {
    return await distrust(isForced);
  } catch (error) {
    const signs = error instanceof PodtrustError && error.code === "publisher-key-signs";
    if (!signs || !canAsk(context)) throw error;
    context.output.line(error.message);
    const ended = (): PodtrustError =>
      new PodtrustError("interrupted", "ended by a signal; nothing was done");
    if (!(await ask(context, "Distrust it anyway?", ended))) return undefined;
    return distrust(true);
  }
}

/** `podtrust rotate distrust KID`. */
export async function runRotateDistrust(
  context: CommandContext,
  kid: string,
  options: RotateOptions,
  afterwards?: Afterwards,
): Promise<void> {
  const { output, clock } = context;
  const stateDir = await stateDirOf(context, options);
  const { stack: named, force: isForced } = options;
  const distrust = (force: boolean): Promise<DistrustOutcome> =>
    distrustKey(stateDir, kid, { force, ...defined({ stack: named }) });
  const outcome = await distrustAsking(context, distrust, isForced);
  if (outcome === undefined) {
    context.exitCode = 1;
    output.line("Nothing was done.");
    return;
  }
  const { stack, changed, cachedUntil, forgottenAt, refuses } = outcome;
  output.line(
    changed ? `${kid} of ${stack} is no longer published.` : `${kid} of ${stack} was distrusted before.`,
  );
  output.line(
    `Caches that keep to Cache-Control may hold it until ${isoSeconds(cachedUntil)}. Relying parties do not say how long their own do; count on ${isoSeconds(forgottenAt)}.`,
  );
  if (refuses !== undefined) output.line(refusedText(refuses, { now: clock.now(), time: isoSeconds }));
  output.line(`podtrust rotate restore ${kid} takes it back.`);
  printOutlives(output, outcome);
  if (!outcome.published) {
    output.line(
      rich`${red("It is still public")}: the bucket could not be written to. It goes as soon as that works; rotate status says why not.`,
    );
  }
  printPersisted(output, outcome.persisted);
  output.result({ ...outcome, ...(await afterwards?.()) });
}

/** `podtrust rotate restore KID`. `pem`: the public key, where its file was read already. */
export async function runRotateRestore(
  context: CommandContext,
  kid: string,
  options: RotateOptions,
  pem?: string,
): Promise<void> {
  const { output } = context;
  const stateDir = await stateDirOf(context, options);
  const publicKey =
    pem ??
    (await mapped(options.publicKey, (name) =>
      readTextFile(context, { option: "--public-key", name, maxBytes: maxPem, stdin: true }),
    ));
  const outcome = await restoreKey(stateDir, kid, defined({ stack: options.stack, publicKey }));
  const { stack, changed, published, shown } = outcome;
  if (publicKey !== undefined) output.line(`${kid} was handed over to ${stack}.`);
  else output.line(changed ? `${kid} of ${stack} is restored.` : `${kid} of ${stack} was not distrusted.`);
  if (published) output.line("It is published.");
  else if (shown) {
    output.line(
      rich`${red("It is not public")}: the bucket could not be written to, or another publisher distrusts it there; rotate status says which.`,
    );
  } else output.line("It is not published: the cluster no longer shows it.");
  printPersisted(output, outcome.persisted);
  output.result(outcome);
}
