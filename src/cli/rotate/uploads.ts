import { asPodtrustError, defined, PodtrustError, silentLogger, isoSeconds } from "../../core/base/index.ts";
import { type Config, uploadingParties } from "../../config/index.ts";
import { type KubernetesApi, operatorKeysSecret } from "../../providers/kubernetes/index.ts";
import {
  distrustInKeeper,
  keptByOperator,
  type KeysOfKeeper,
  openUploads,
  refuseSignerOf,
  restoreInKeeper,
  uploadOnce,
} from "../../publisher/index.ts";
import { bold, red, rich } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";
import { type Afterwards, distrustAsking } from "./run.ts";
import { showKeys } from "./show.ts";

/** The keys of a config without a publisher: they are uploaded to relying parties. */
interface UploadContext {
  readonly context: CommandContext;
  readonly config: Config;
  readonly cluster: KubernetesApi;
}

const keeperOf = (config: Config) => ({ config, secret: operatorKeysSecret });

/**
 * Where a key was removed: in the Secret of an operator, which removes it at the parties itself, or else at
 * these relying parties.
 */
export interface UploadDistrusted {
  readonly kid: string;
  readonly keptIn?: string;
  readonly from: readonly string[];
}

/**
 * Makes the operator that uploads the keys distrust one, or without an operator removes it from the relying
 * parties. Unless `force` throws `publisher-key-signs` where the cluster signs with it, or may.
 */
export async function distrustUploaded(
  { context, config, cluster }: UploadContext,
  kid: string,
  force = true,
): Promise<UploadDistrusted> {
  const { clock, env, signal } = context;
  const deps = { cluster, clock, logger: silentLogger };
  const keptIn = await distrustInKeeper(keeperOf(config), kid, deps, force);
  if (keptIn !== undefined) return { kid, keptIn, from: [] };
  if (!force) await refuseSignerOf(deps, kid);
  const how = { config, without: [kid], env, signal, ...deps };
  const from = (await uploadOnce(how)).map(({ place, outcome }) => {
    if (outcome instanceof PodtrustError) throw outcome;
    return place;
  });
  return { kid, from };
}

/** Key IDs at one relying party, or why they cannot be read. */
interface ObservedUpload {
  readonly place: string;
  readonly kids?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

async function lookAt({ context, config }: UploadContext): Promise<readonly ObservedUpload[]> {
  const { env, clock, signal } = context;
  const targets = await openUploads(config, { env, clock, logger: silentLogger });
  return Promise.all(
    targets.map(async (target): Promise<ObservedUpload> => {
      try {
        return { place: target.place, kids: await target.look(signal) };
      } catch (thrown) {
        signal.throwIfAborted();
        const { code, message } = asPodtrustError(thrown);
        return { place: target.place, error: { code, message } };
      }
    }),
  );
}

function showUploads({ output }: CommandContext, uploads: readonly ObservedUpload[]): void {
  for (const { place, kids = [], error } of uploads) {
    if (error !== undefined) output.line(rich`  ${red("not read")}: ${place}: ${error.message}`);
    else output.line(`  ${place} has ${kids.length === 0 ? "no key" : kids.join(", ")}`);
  }
}

function showKept(context: CommandContext, kept: KeysOfKeeper | undefined): void {
  const { output } = context;
  const { namespace, name } = operatorKeysSecret;
  if (kept === undefined) {
    output.line(`  no operator keeps the keys: there is no Secret ${namespace}/${name}`);
    return;
  }
  const { place, confirmedAt, keys } = kept;
  const when = confirmedAt === undefined ? "nothing yet" : `confirmed ${isoSeconds(confirmedAt)}`;
  output.line(`  an operator keeps the keys in ${place}: ${when}`);
  showKeys(context, keys);
}

async function status(at: UploadContext, more: object): Promise<void> {
  const { context, config, cluster } = at;
  const { stack, issuer } = config;
  const deps = { cluster, clock: context.clock, logger: silentLogger };
  const kept = await keptByOperator(keeperOf(config), deps);
  const uploads = await lookAt(at);
  context.output.line(rich`${bold(stack)}  ${issuer}`);
  context.output.line("  no publisher: the keys are uploaded to relying parties");
  showUploads(context, uploads);
  showKept(context, kept);
  if (uploads.some(({ error }) => error !== undefined)) context.exitCode = 1;
  context.output.result({ stack, issuer, uploads, ...defined({ kept }), ...more });
}

async function distrust(
  at: UploadContext,
  kid: string,
  { isForced, afterwards }: { readonly isForced: boolean; readonly afterwards: Afterwards | undefined },
): Promise<void> {
  const { context } = at;
  const { output } = context;
  const done = await distrustAsking(context, (force) => distrustUploaded(at, kid, force), isForced);
  if (done === undefined) {
    context.exitCode = 1;
    output.line("Nothing was done.");
    return;
  }
  const { keptIn, from } = done;
  if (keptIn !== undefined) {
    output.line(
      `${kid} is distrusted in ${keptIn}. The operator that follows it takes the key out at its next look.`,
    );
    output.line(`podtrust rotate restore ${kid} takes it back.`);
  }
  for (const place of from) output.line(`${kid} is not at ${place}.`);
  if (keptIn === undefined)
    output.line(
      "No operator remembers that: podtrust up and podtrust publish keys bring it back while the cluster shows it.",
    );
  output.result({ ...done, ...(await afterwards?.()) });
}

async function restore({ context, config, cluster }: UploadContext, kid: string): Promise<void> {
  const { clock, output } = context;
  const keptIn = await restoreInKeeper(keeperOf(config), kid, { cluster, clock, logger: silentLogger });
  if (keptIn === undefined) {
    throw new PodtrustError("usage", "no operator stores the keys, so there is no distrust to revert", {
      next: "Run podtrust publish keys: it gives relying parties the keys that the cluster shows.",
    });
  }
  output.line(
    `${kid} is trusted in ${keptIn}. The operator that follows it uploads the key where the cluster shows it.`,
  );
  output.result({ kid, keptIn });
}

/**
 * Runs the command for a config whose keys are only uploaded; false for any other config. Throws what reading
 * the cluster throws.
 */
export async function rotateUploads(
  context: CommandContext,
  config: Config,
  words: readonly string[],
  afterwards?: Afterwards,
): Promise<boolean> {
  if (config.publisher !== undefined || uploadingParties(config).length === 0) return false;
  const at = { context, config, cluster: await clusterOf(context, config) };
  const [verb, kid = ""] = words;
  if (verb === "status") await status(at, (await afterwards?.()) ?? {});
  else if (verb === "distrust") await distrust(at, kid, { isForced: words.includes("--force"), afterwards });
  else await restore(at, kid);
  return true;
}
