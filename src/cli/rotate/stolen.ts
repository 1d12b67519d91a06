import { join } from "node:path";
import { defined, errorText, PodtrustError, shellWord, silentLogger } from "../../core/base/index.ts";
import { personStateDir } from "../../config/index.ts";
import {
  beginAtSigner,
  beginTheft,
  endAtSigner,
  endTheft,
  type KeyReplacement,
  type OpenedTheft,
  openTheft,
  renewOwnPods,
  type SignerTheftDeps,
} from "../../control-plane/theft/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { legacyTokensOf } from "../../control-plane/rotation/index.ts";
import { ask, canAsk } from "../../core/terminal/index.ts";
import { openUploads, handedKey, uploadWhole } from "../../publisher/index.ts";
import {
  afterTheftText,
  atOnceText,
  atSignerText,
  secretsText,
  shownAtSignerText,
  storedKeysRefusal,
  type TheftProgress,
  type TheftWay,
} from "../../rules/rotation/index.ts";
import type { CommandContext } from "../context.ts";
import { consentOf } from "../options/consent.ts";
import { closeAll } from "./closing.ts";
import type { RotateRun } from "./lockdown.ts";
import { type MoveOptions, runMove, runOf, standardAlgorithm, waitingLine, withdrawn } from "./moves.ts";
import { endedAtParties, notedAtParties, openAtParties } from "./at-parties.ts";
import { handOverToPublisher, orSeen } from "./hand-over.ts";

/** What was typed after `rotate stolen`. */
export interface StolenOptions extends MoveOptions {
  readonly atOnce?: boolean;
  readonly thiefReachesNoApi?: boolean;
  readonly oneByOne?: boolean;
}

/** The way that was chosen; undefined where a person is still to be asked. */
function wayOf({ atOnce, thiefReachesNoApi, yes }: StolenOptions): TheftWay | undefined {
  if (atOnce === true && thiefReachesNoApi === true) {
    throw new PodtrustError("usage", "--at-once and --thief-reaches-no-api are two different answers", {
      next: "Give --at-once unless you know that no API server can be reached with the key.",
    });
  }
  if (atOnce === true) return "at-once";
  if (thiefReachesNoApi === true) return "thief-reaches-no-api";
  if (yes !== true) return undefined;
  throw new PodtrustError("usage", "--yes alone begins no answer to a theft", {
    next: "Give --at-once too: every client in the cluster is refused until its kubelet renews its token. Or --thief-reaches-no-api, where you know that.",
  });
}

const endedAtQuestion = (): PodtrustError =>
  new PodtrustError("interrupted", "ended by a signal; nothing was done");

async function agreed(context: CommandContext, yes: boolean): Promise<void> {
  if (yes) return;
  if (!canAsk(context)) {
    throw new PodtrustError("usage", "rotate stolen changes things, and there is no terminal to ask on", {
      next: "Read the above, then run the same command with --at-once --yes.",
    });
  }
  if (await ask(context, "End all of these keys at once?", endedAtQuestion)) return;
  throw new PodtrustError("interrupted", "the answer was no; nothing was done");
}

/** Publishes the fresh key by the person's own credentials: at the publisher's own socket, and where keys are uploaded. */
async function handedOver(run: RotateRun, { fresh }: KeyReplacement, cluster: KubernetesApi): Promise<void> {
  const { context, config } = run;
  const { env, clock, signal, progress } = context;
  const how = { config, env, clock, signal, logger: silentLogger };
  for (const { place, outcome } of await uploadWhole([handedKey(fresh.kid, fresh.publicKey)], how)) {
    if (outcome instanceof PodtrustError) throw outcome;
    progress.line(`${place} has ${fresh.kid} alone.`, 2);
  }
  if (config.publisher !== undefined) await handOverToPublisher(context, config, fresh, cluster);
}

function shownEnd(
  { context, config }: RotateRun,
  { publishedAt, servers, fresh = "" }: TheftProgress,
  isSigned: boolean,
): void {
  const { output } = context;
  for (const line of openAtParties(config, publishedAt)) output.line(line);
  const byFiles = Object.keys(servers).filter((name) => servers[name] === "files");
  if (isSigned) output.line(shownAtSignerText(fresh));
  else if (byFiles.length > 0)
    output.line(
      `By their key files alone, since no token could be shown to them twice: ${byFiles.join(", ")}.`,
    );
  for (const line of afterTheftText) output.line(line);
}

/** What is seen where a signer has the keys, and which servers are not among that. */
function atSignerOf({
  servers,
  signed,
  sources,
}: OpenedTheft): Pick<SignerTheftDeps, "sights" | "byFiles" | "unseen"> {
  const byFiles = sources.servers.map(({ name }) => name);
  const seen = new Set([...byFiles, ...signed.map(({ name }) => name)]);
  const unseen = servers.flatMap(({ name }) => (seen.has(name) ? [] : [name]));
  return { sights: { servers: signed, published: sources.published }, byFiles, unseen };
}

async function answered(
  run: RotateRun,
  opened: OpenedTheft,
  kid: string,
  options: StolenOptions,
): Promise<TheftProgress> {
  const { context, config } = run;
  const { clock, signal, progress, output } = context;
  const { thefts } = await opened.thefts.read(signal);
  const remembered = thefts.find(({ stolen, way }) => stolen === kid && way === "at-once");
  const { signed, sources } = opened;
  const begin = (): TheftProgress =>
    signed.length > 0 ? beginAtSigner(atSignerOf(opened).sights, kid) : beginTheft(sources, kid);
  const from = remembered ?? begin();
  for (const line of atOnceText(from.tainted, opened.open)) output.line(line);
  if (signed.length > 0) output.line(atSignerText(signed.map(({ name }) => name)));
  for (const line of opened.credentials) output.line(line);
  const { untried = false } = options;
  const refusal = storedKeysRefusal({ servers: opened.sources.servers, untried });
  await agreed(context, options.yes === true);
  if (refusal !== undefined) {
    // Who reads the refusal has time then.
    await closeAll(run, { cut: true }, opened.cluster);
    throw new PodtrustError("rotation-refused", refusal.message, {
      next: refusal.next,
      detail: { reason: refusal.reason },
    });
  }
  const ways = {
    close: async () => void (await closeAll(run, { cut: true }, opened.cluster)),
    async onWithdrawn() {
      await notedAtParties(run);
      await endedAtParties(context, run, kid);
    },
    async keep(reached: TheftProgress) {
      try {
        return await opened.thefts.keep(reached, signal);
      } catch (error) {
        signal.throwIfAborted();
        progress.line(`note: ${errorText(error)}`, 6);
        return reached;
      }
    },
  };
  if (signed.length > 0)
    return endAtSigner(
      {
        ...ways,
        ...atSignerOf(opened),
        file: shellWord(config.file),
        clock,
        onStep: (text) => output.line(text),
      },
      from,
    );
  return endTheft(
    {
      ...ways,
      servers: opened.servers,
      algorithm: options.algorithm ?? standardAlgorithm(config),
      ...defined({ oneByOne: options.oneByOne }),
      clock,
      signal,
      async replace(keys) {
        const isSeen = async (shows: (kids: readonly string[]) => boolean): Promise<boolean> => {
          const { seen } = await opened.published(signal);
          return seen.length > 0 && seen.every(({ kids }) => kids !== undefined && shows(kids));
        };
        const { cluster } = opened;
        await orSeen(
          () => handedOver(run, keys, cluster),
          () => isSeen((kids) => kids.includes(keys.fresh.kid)),
        );
        for (const { kid: tainted } of keys.tainted)
          await orSeen(
            () => withdrawn(context, config, cluster, tainted),
            () => isSeen((kids) => !kids.includes(tainted)),
          );
      },
      published: (until) => opened.published(until),
      onStep: (text) => progress.line(text, 2),
      onWait: waitingLine(context),
    },
    opened.sources,
    from,
  );
}

/** `podtrust rotate stolen KID`. */
export async function runStolen(context: CommandContext, options: StolenOptions, kid: string): Promise<void> {
  if (options.reopen !== undefined) return runMove(context, "stolen", options, kid);
  const way = wayOf(options);
  const run = await runOf(context, options);
  if (way === "thief-reaches-no-api") return runMove(context, "stolen", options, kid);
  const { env, clock, signal, progress } = context;
  const { config, route } = run;
  const opened = await openTheft({
    config,
    route,
    stateDir: join(personStateDir(env), config.stack),
    given: await openUploads(config, { env, clock, logger: silentLogger }),
    env,
    clock,
    signal,
    consent: consentOf(context),
    notice: (text) => progress.line(`note: ${text}`, 6),
    onWait: waitingLine(context),
    ...defined({
      without: options.without,
      notServers: options.notAServer,
      seenThroughProxy: options.seenThroughProxy,
    }),
  });
  try {
    const reached = await answered(run, opened, kid, options);
    const ended = reached.tainted.map((one) => one.kid);
    await noted(context, "what a rotation remembers was not written", () => opened.endRecord(ended));
    if (opened.signed.length === 0)
      await noted(context, "ConfigMap kube-system/kubeadm-config was not written", () =>
        opened.keepInKubeadm(),
      );
    await noted(context, "podtrust's own pods were not made anew", async () => {
      for (const line of await renewOwnPods(opened.cluster, signal)) progress.line(line, 2);
    });
    await noted(context, "the kubelets were not restarted", () => kubeletsRenewed(context, opened, options));
    await noted(context, "tokens in Secrets could not be listed: make each anew", async () => {
      const legacy = await legacyTokensOf(opened.cluster, signal);
      for (const line of secretsText(legacy, reached.fresh ?? "")) context.output.line(line);
    });
    shownEnd(run, reached, opened.signed.length > 0);
    context.output.result({ ...reached, open: opened.open });
  } finally {
    await opened.close();
  }
}

/** With a person's yes the kubelets of the listed servers renew all tokens there; else it is said how. */
async function kubeletsRenewed(
  context: CommandContext,
  opened: OpenedTheft,
  { yes = false }: StolenOptions,
): Promise<void> {
  const names = opened.servers.map(({ name }) => name).join(", ");
  const ended = (): PodtrustError =>
    new PodtrustError("interrupted", "ended by a signal; the stolen key is of no use");
  const question = `Restart the kubelets of ${names} now? Their pods get new tokens, and none is restarted.`;
  if (yes || !canAsk(context) || !(await ask(context, question, ended))) {
    context.output.line(`Renew the tokens on ${names}: systemctl restart kubelet there.`);
    return;
  }
  for (const line of await opened.restartKubelets()) context.progress.line(line, 2);
}

/** Does what a person can do as well: that it fails stops nothing. */
async function noted(
  { progress, signal }: CommandContext,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    progress.line(`note: ${what}: ${errorText(error)}`, 6);
  }
}
