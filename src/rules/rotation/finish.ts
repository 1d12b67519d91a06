import { durationText } from "../../core/base/index.ts";
import { awsSkewSeconds, type RefusedTokens, refusedTokens } from "../oidc/index.ts";
import type { LegacyToken, RotationFacts } from "./facts.ts";
import { keyAcross, keysAcross } from "./key-states.ts";
import { type QuietRecord, rememberedOf } from "./record.ts";
import { type MoveRefusal, type MoveVerdict, namesText, refused, unfit, unfitToChange } from "./verdict.ts";

/** For how long the counts of stale tokens have to stand still; milliseconds. */
export const quietMs = 86_400_000;

const skewMs = awsSkewSeconds * 1000;

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
  if (state === "current") return refusedTokens("yes", now, lives.outside.ms);
  return refusedTokens("no", rememberedOf(record, kid).retiredAt ?? now, lives.outside.ms);
}

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

/** Whether a key that no longer signs may leave what is published. */
export function judgeFinishPublication(facts: RotationFacts, kid: string): MoveVerdict {
  const trouble = notPrevious(facts, kid);
  if (trouble !== undefined) return trouble;
  if (!keyAcross(facts, kid).published)
    return unread(facts, kid) ?? { is: "done", why: `${kid} is published no more` };
  const { now, record, lives } = facts;
  const from = (rememberedOf(record, kid).retiredAt ?? now) + lives.outside.ms + skewMs;
  if (now >= from) return { is: "allowed", kid, why: `the last token of ${kid} for relying parties is over` };
  return refused(
    "tokens-live",
    `a token of ${kid} may live for ${durationText(from - now)}: the longest is ${durationText(lives.outside.ms)}, of ${lives.outside.of}`,
    "Wait, or let podtrust rotate run wait.",
    from,
  );
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
  readonly refusal: MoveRefusal;
}

function atManagers({ servers }: RotationFacts, kid: string): readonly Loss[] {
  const found = servers.filter(({ controllerManager = [] }) => controllerManager.includes(kid));
  if (found.length === 0) return [];
  const text = `the controller manager of ${namesText(found.map(({ name }) => name))} signs tokens in Secrets with ${kid}`;
  const refusal = refused(
    "controller-manager-signs",
    `${text}: those are refused once no API server verifies it`,
    "Give its --service-account-private-key-file the key that signs now, and restart it; or give --accept-loss.",
  );
  return [{ text: `${text}, and those are refused`, refusal }];
}

function inSecrets(facts: RotationFacts, kid: string): readonly Loss[] {
  const legacy = facts.legacy.filter((token) => token.kid === kid);
  if (legacy.length === 0) return [];
  const names = legacy.map(legacyText).join(", ");
  const refusal = refused(
    "legacy-tokens",
    `tokens of ${kid} lie in Secrets and never expire: ${names}`,
    "Make a new Secret of type kubernetes.io/service-account-token for each, move what uses it, and delete the old one; or give --accept-loss.",
  );
  return [{ text: `the tokens in Secrets ${names} end`, refusal }];
}

function lossesOf(
  facts: RotationFacts,
  kid: string,
  { from, seen }: ReturnType<typeof apiTokensOver>,
): readonly Loss[] {
  const losses = [...atManagers(facts, kid), ...inSecrets(facts, kid)];
  if (facts.now >= from) return losses;
  const refusal = refused(
    "tokens-live",
    `a token of ${kid} for the API may be in use for ${durationText(from - facts.now)}: ${seen}`,
    "Wait until then, or give --accept-loss.",
    from,
  );
  return [...losses, { text: `API tokens of ${kid} that are still in use are refused (${seen})`, refusal }];
}

/**
 * Whether a key that no longer signs may leave the API servers. `acceptLoss`: a person has seen what would be refused
 * and takes that; what is allowed then says it.
 */
export function judgeFinishVerifiers(facts: RotationFacts, kid: string, acceptLoss = false): MoveVerdict {
  const trouble = unfitToChange(facts) ?? notPrevious(facts, kid);
  if (trouble !== undefined) return trouble;
  const { verified, published } = keyAcross(facts, kid);
  const onDisk = facts.servers.some(({ files }) => files.verify.includes(kid));
  if (!verified && !onDisk) return { is: "done", why: `no API server verifies ${kid} any more` };
  if (published) {
    return refused(
      "still-published",
      `${kid} is published still`,
      `Run podtrust rotate finish publication ${kid} first.`,
    );
  }
  const refusal = unread(facts, kid);
  if (refusal !== undefined) return refusal;
  const { from, seen } = apiTokensOver(facts, rememberedOf(facts.record, kid).retiredAt ?? facts.now);
  const losses = lossesOf(facts, kid, { from, seen });
  const [worst] = losses;
  if (worst === undefined) return { is: "allowed", kid, why: `no token of ${kid} is in use: ${seen}` };
  if (!acceptLoss) return worst.refusal;
  return {
    is: "allowed",
    kid,
    why: `the loss is accepted: ${losses.map(({ text }) => text).join("; ")}`,
  };
}
