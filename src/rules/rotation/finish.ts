import { durationText, isoSeconds } from "../../core/base/index.ts";
import { type LastingToken, mayHold } from "../tokens/index.ts";
import { awsSkewSeconds, type RefusedTokens, refusedTokens } from "../oidc/index.ts";
import type { LegacyToken, RotationFacts } from "./facts.ts";
import { keyAcross, keysAcross } from "./key-states.ts";
import { type QuietRecord, rememberedOf } from "./record.ts";
import { unfitToChange } from "./stored-keys.ts";
import { type MoveRefusal, type MoveVerdict, namesText, refused, unfit } from "./verdict.ts";

/** For how long the counts of stale tokens have to stand still; milliseconds. */
export const quietMs = 86_400_000;

const skewMs = awsSkewSeconds * 1000;

/**
 * What a person gives up, each by its name: a pod or a Secret (`NAMESPACE/NAME`), a server whose controller manager signs, or
 * the key itself (its ID) for the tokens of it that are in use. What has no name here is not given up.
 */
export type AcceptedLoss = ReadonlySet<string>;

const nothing: AcceptedLoss = new Set<string>();

/** As many names as a sentence bears: a tenant may make any number of pods. */
function someText(names: readonly string[]): string {
  const most = 20;
  return names.length <= most
    ? namesText(names)
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

/** Which previous key is meant where none is named: the one that signed longest ago. */
export function oldestPrevious(facts: RotationFacts): string | undefined {
  const retired = (kid: string): number => rememberedOf(facts.record, kid).retiredAt ?? facts.now;
  return keysAcross(facts)
    .filter(({ state }) => state === "previous")
    .map(({ kid }) => kid)
    .sort((a, b) => retired(a) - retired(b))[0];
}

/** The tokens that relying parties refuse once a key is taken out of what is published. */
export function refusedOf(facts: RotationFacts, kid: string): RefusedTokens {
  const { now, lives, record } = facts;
  const { state } = keyAcross(facts, kid);
  if (state === "next") return { signs: "no" };
  const copies = lives.lasting.filter((one) => one.isOutside).map(({ ms }) => ms);
  const longest = Math.max(lives.outside.ms, ...copies);
  if (state === "current") return refusedTokens("yes", now, longest);
  return refusedTokens("no", rememberedOf(record, kid).retiredAt ?? now, longest);
}

/**
 * The tokens that live on after every kubelet has renewed what it holds: of pods that may have had one of the key, where a
 * program may have kept it. Each pod once, with its longest.
 */
function copiesOf(
  { lives, now }: RotationFacts,
  retiredAt: number,
  outside: boolean,
): readonly LastingToken[] {
  const left = lives.lasting.filter(
    (one) => one.isOutside === outside && mayHold(one, retiredAt, now) && retiredAt + one.ms + skewMs > now,
  );
  const byPod = Map.groupBy(left, ({ pod }) => pod);
  return [...byPod.values()].map((all) => all.reduce((a, b) => (b.ms > a.ms ? b : a)));
}

/** What keeps a key where copies of its tokens may be in use, in a pod that nobody has given up; undefined without one. */
function unacceptedCopies(
  kid: string,
  copies: readonly LastingToken[],
  { retiredAt, accepted }: { readonly retiredAt: number; readonly accepted: AcceptedLoss },
): MoveRefusal | undefined {
  const left = copies.filter(({ pod }) => !accepted.has(pod));
  if (left.length === 0) return undefined;
  const until = isoSeconds(retiredAt + Math.max(...left.map(({ ms }) => ms)));
  const pods = someText(left.map(({ pod }) => pod));
  return refused(
    "copies-live",
    `the kubelets have renewed all tokens of ${kid}, and a program of ${pods} may have kept one, which lives until ${until}`,
    "Restart each of these pods, or give it up by its name: --accept-loss NAMESPACE/POD, once for each.",
  );
}

const copiesText = (copies: readonly LastingToken[]): string =>
  `copies of tokens that programs of ${someText(copies.map(({ pod }) => pod))} kept are refused`;

/** What keeps a key from being taken out anywhere. */
function notPrevious(facts: RotationFacts, kid: string): MoveRefusal | undefined {
  const trouble = unfit(facts);
  if (trouble !== undefined) return trouble;
  const { state, signsAt } = keyAcross(facts, kid);
  if (state === "current") {
    return refused(
      "still-signs",
      `${signsAt.join(", ")} signs with ${kid}`,
      "Run podtrust rotate promote first.",
    );
  }
  if (state === "next")
    return refused("not-previous", `${kid} is the next key`, "Run podtrust rotate abort to give it up.");
  const willSign = facts.servers.filter(({ files }) => files.signing === kid);
  if (willSign.length === 0) return undefined;
  return refused(
    "still-signs",
    `the files of ${willSign.map(({ name }) => name).join(", ")} would have it sign with ${kid} from its next start on`,
    "Run podtrust rotate promote: it continues where it was.",
  );
}

/** Where it is not known whether a key is published: its tokens may be accepted there. */
function unread(facts: RotationFacts, kid: string): MoveRefusal | undefined {
  const { unreadOn } = keyAcross(facts, kid);
  if (unreadOn.length === 0) return undefined;
  return refused(
    "publication-unread",
    `it is not known whether ${kid} is published ${namesText(unreadOn)}: what is there cannot be read`,
    "podtrust rotate status says why it cannot be read, as for want of credentials; mend that, and run this again.",
  );
}

/**
 * Whether a key that no longer signs may leave what is published: its tokens are over, or kubelets have renewed them and
 * each pod that may have kept a copy is `accepted`.
 */
export function judgeFinishPublication(
  facts: RotationFacts,
  kid: string,
  accepted: AcceptedLoss = nothing,
): MoveVerdict {
  const trouble = notPrevious(facts, kid);
  if (trouble !== undefined) return trouble;
  if (!keyAcross(facts, kid).published)
    return unread(facts, kid) ?? { is: "done", why: `${kid} is published no more` };
  const { now, record, lives } = facts;
  const retiredAt = rememberedOf(record, kid).retiredAt ?? now;
  const from = retiredAt + lives.outside.ms + skewMs;
  if (now < from)
    return refused(
      "tokens-live",
      `a token of ${kid} may be in use for ${durationText(from - now)}: the longest is ${durationText(lives.outside.ms)}, of ${lives.outside.of}`,
      "Wait, or let podtrust rotate run wait.",
      from,
    );
  const copies = copiesOf(facts, retiredAt, true);
  const refusal = unacceptedCopies(kid, copies, { retiredAt, accepted });
  if (refusal !== undefined) return refusal;
  if (copies.length > 0) return { is: "allowed", kid, why: `the loss is accepted: ${copiesText(copies)}` };
  return { is: "allowed", kid, why: `the last token of ${kid} for relying parties is over` };
}

const legacyText = ({ namespace, name, serviceAccount }: LegacyToken): string =>
  `${namespace}/${name} of ServiceAccount ${serviceAccount}`;

interface Quiet {
  /** From when the counts will have stood still for long enough; undefined while one cannot be read. */
  readonly from: number | undefined;
  /** What was seen: a sentence's part. */
  readonly seen: string;
}

function quietOf({ servers, record }: RotationFacts, retiredAt: number): Quiet {
  const known = servers.map(({ name }): QuietRecord | undefined =>
    record.quiet.find(({ server }) => server === name),
  );
  const seen = servers.map(({ name }, index) => {
    const one = known[index];
    return one === undefined ? `${name} has none` : `${name} ${one.count}`;
  });
  const since = known.map((one) => (one === undefined ? Infinity : Math.max(one.since, retiredAt)));
  const from = Math.max(...since) + quietMs;
  return {
    from: Number.isFinite(from) ? from : undefined,
    seen: `serviceaccount_stale_tokens_total: ${seen.join(", ")}`,
  };
}

/** From when no token of a key for the cluster's own API can still be in use, and how that is known. */
function apiTokensOver(
  facts: RotationFacts,
  retiredAt: number,
): { readonly from: number; readonly seen: string } {
  const { api, extended } = facts.lives;
  const asAsked = retiredAt + api.ms + skewMs;
  if (extended === undefined || extended.ms <= api.ms)
    return { from: asAsked, seen: `the longest token for the API is ${durationText(api.ms)}, of ${api.of}` };
  const year = retiredAt + extended.ms + skewMs;
  const quiet = quietOf(facts, retiredAt);
  const byCount = quiet.from === undefined ? year : Math.max(quiet.from, asAsked);
  return {
    from: Math.min(year, byCount),
    seen: `API tokens live up to ${durationText(extended.ms)}, of ${extended.of}; ${quiet.seen}`,
  };
}

/** What is lost with a key in the API servers, and the refusal that keeps it from being lost. */
interface Loss {
  readonly text: string;
  /** Undefined where all of it was given up by name. */
  readonly refusal: MoveRefusal | undefined;
}

function atManagers({ servers }: RotationFacts, kid: string, accepted: AcceptedLoss): readonly Loss[] {
  const found = servers.filter(({ controllerManager = [] }) => controllerManager.includes(kid));
  if (found.length === 0) return [];
  const text = `the controller manager of ${namesText(found.map(({ name }) => name))} signs tokens in Secrets with ${kid}`;
  const isLeft = found.some(({ name }) => !accepted.has(name));
  const refusal = isLeft
    ? refused(
        "controller-manager-signs",
        `${text}: those are refused once no API server verifies it`,
        "Give its --service-account-private-key-file the key that signs now, and restart it; or give its tokens up by the server's name: --accept-loss SERVER, once for each.",
      )
    : undefined;
  return [{ text: `${text}, and those are refused`, refusal }];
}

function inSecrets(facts: RotationFacts, kid: string, accepted: AcceptedLoss): readonly Loss[] {
  const legacy = facts.legacy.filter((token) => token.kid === kid);
  if (legacy.length === 0) return [];
  const left = legacy.filter(({ namespace, name }) => !accepted.has(`${namespace}/${name}`));
  const refusal =
    left.length === 0
      ? undefined
      : refused(
          "legacy-tokens",
          `tokens that name ${kid} lie in Secrets and never expire: ${someText(left.map(legacyText))}`,
          "Make a new Secret of type kubernetes.io/service-account-token for each, move what uses it, and delete the old one. Whoever makes Secrets may write any key ID into one: give up each that is nobody's by --accept-loss NAMESPACE/SECRET.",
        );
  return [{ text: `the tokens in Secrets ${someText(legacy.map(legacyText))} end`, refusal }];
}

function inCopies(
  facts: RotationFacts,
  kid: string,
  { retiredAt, accepted }: { readonly retiredAt: number; readonly accepted: AcceptedLoss },
): readonly Loss[] {
  const copies = copiesOf(facts, retiredAt, false);
  if (copies.length === 0) return [];
  return [{ text: copiesText(copies), refusal: unacceptedCopies(kid, copies, { retiredAt, accepted }) }];
}

function whileInUse(
  { now }: RotationFacts,
  kid: string,
  { from, seen, accepted }: ReturnType<typeof apiTokensOver> & { readonly accepted: AcceptedLoss },
): readonly Loss[] {
  if (now >= from) return [];
  const refusal = accepted.has(kid)
    ? undefined
    : refused(
        "tokens-live",
        `a token of ${kid} for the API may be in use for ${durationText(from - now)}: ${seen}`,
        `Wait until then, or give up all tokens of the key by its ID: --accept-loss ${kid}.`,
        from,
      );
  return [{ text: `API tokens of ${kid} that are still in use are refused (${seen})`, refusal }];
}

/** What is judged before any loss of a key in the API servers; undefined where the losses decide. */
function beforeLosses(facts: RotationFacts, kid: string): MoveVerdict | undefined {
  const trouble = unfitToChange(facts) ?? notPrevious(facts, kid);
  if (trouble !== undefined) return trouble;
  const { verified, published } = keyAcross(facts, kid);
  const onDisk = facts.servers.some(({ files }) => files.verify.includes(kid));
  if (!verified && !onDisk) return { is: "done", why: `no API server verifies ${kid} any more` };
  if (!published) return unread(facts, kid);
  return refused(
    "still-published",
    `${kid} is published still`,
    `Run podtrust rotate finish publication ${kid} first.`,
  );
}

/**
 * Whether a key that no longer signs may leave the API servers. `accepted`: what a person has seen and gives up by name; what
 * is allowed then says it.
 */
export function judgeFinishVerifiers(
  facts: RotationFacts,
  kid: string,
  accepted: AcceptedLoss = nothing,
): MoveVerdict {
  const decided = beforeLosses(facts, kid);
  if (decided !== undefined) return decided;
  const retiredAt = rememberedOf(facts.record, kid).retiredAt ?? facts.now;
  const over = apiTokensOver(facts, retiredAt);
  const losses = [
    ...atManagers(facts, kid, accepted),
    ...inSecrets(facts, kid, accepted),
    ...whileInUse(facts, kid, { ...over, accepted }),
    ...inCopies(facts, kid, { retiredAt, accepted }),
  ];
  const worst = losses.find((loss) => loss.refusal !== undefined)?.refusal;
  if (worst !== undefined) return worst;
  const why =
    losses.length === 0
      ? `no token of ${kid} is in use: ${over.seen}`
      : `the loss is accepted: ${losses.map(({ text }) => text).join("; ")}`;
  return { is: "allowed", kid, why };
}
