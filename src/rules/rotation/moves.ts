import { durationText } from "../../core/base/index.ts";
import { rotationTimeline } from "../oidc/index.ts";
import type { RotationFacts } from "./facts.ts";
import { keyAcross } from "./key-states.ts";
import { algorithmOf, unverified } from "./relying-parties.ts";
import { isSealed, rememberedOf, type RotationRecord } from "./record.ts";
import { keptInDatastore, storedKeysRefusal, unfitToChange } from "./stored-keys.ts";
import { type MoveVerdict, namesText, notEverywhere, refused, unfit } from "./verdict.ts";

const giveUp =
  "Run podtrust rotate abort, which gives the key up, then podtrust rotate prepare --algorithm RS256.";

/** Whether the next key may have signed already, at some API server. */
export const isUnderWay = (record: RotationRecord): boolean =>
  record.next !== undefined && rememberedOf(record, record.next).signsSince !== undefined;

/** API servers that sign with different keys while no promotion is under way. */
function signersDiffer({ servers, record }: RotationFacts): MoveVerdict | undefined {
  const signers = [...new Set(servers.map(({ signs }) => signs))];
  if (signers.length === 1 || isUnderWay(record)) return undefined;
  return refused(
    "signers-differ",
    `the API servers sign with different keys: ${signers.join(", ")}`,
    "Run podtrust rotate abort: it goes back, or has all of them sign with one key.",
  );
}

/** A server whose files would have it sign with another key at its next start. */
function surpriseAtRestart({ servers, record }: RotationFacts): MoveVerdict | undefined {
  const meant = isUnderWay(record) ? [record.next, record.before] : [];
  const one = servers.find(({ signs, files }) => files.signing !== signs && !meant.includes(files.signing));
  if (one === undefined) return undefined;
  return refused(
    "restart-signs-other",
    `${one.name} signs with ${one.signs}, and its files would have it sign with ${one.files.signing} from its next start on`,
    "Put the key that signs first into the file again. A new key stands behind it until every verifier and relying party has it.",
  );
}

/** The conditions of a new key and of its promotion. `goesOn`: as in `unfitToChange`. */
function unready(facts: RotationFacts, goesOn = false): MoveVerdict | undefined {
  return unfitToChange(facts, goesOn) ?? signersDiffer(facts) ?? surpriseAtRestart(facts);
}

/**
 * Whether a key may be made, or distributed further, that signs nothing yet. `kid` of what is allowed: the key that is
 * prepared already in part; empty where it is still to be made, with `algorithm`.
 */
export function judgePrepare(facts: RotationFacts, algorithm?: string): MoveVerdict {
  const { servers, record } = facts;
  const trouble = unready(facts);
  if (trouble !== undefined) return trouble;
  if (isUnderWay(record)) {
    return refused(
      "signers-differ",
      `${record.next} is being promoted`,
      "Run podtrust rotate promote to continue, or podtrust rotate abort to go back.",
    );
  }
  const { next } = record;
  const alg = next === undefined ? algorithm : algorithmOf(facts, next);
  const other =
    next === undefined
      ? "Run podtrust rotate prepare with --algorithm RS256, which every relying party verifies."
      : giveUp;
  const useless = unverified(facts, { what: next ?? "the next key", alg }, other);
  if (useless !== undefined) return useless;
  if (next === undefined)
    return {
      is: "allowed",
      kid: "",
      why: "a key is made that every API server verifies and none signs with",
    };
  const { missingAt } = keyAcross(facts, next);
  const without = servers.filter(
    ({ files }) =>
      !files.verify.includes(next) || (!isSealed(record, next) && !files.privates.includes(next)),
  );
  const left = servers.filter(
    ({ name }) => missingAt.includes(name) || without.some((one) => one.name === name),
  );
  if (left.length === 0) return { is: "done", why: `${next} is prepared at every API server` };
  return {
    is: "allowed",
    kid: next,
    why: `${next} is still to come to ${namesText(left.map(({ name }) => name))}`,
  };
}

/**
 * The same for the key that is to sign. A promotion that has begun may continue or go back: half of one is worse than
 * either.
 */
function unverifiedNext(facts: RotationFacts, next: string): MoveVerdict | undefined {
  if (isUnderWay(facts.record)) return undefined;
  return unverified(facts, { what: next, alg: algorithmOf(facts, next) }, giveUp);
}

/** Whether the next key may sign. `goesOn`: also where a server will be started with something else than it runs with. */
export function judgePromote(facts: RotationFacts, goesOn = false): MoveVerdict {
  const { servers, record, times, now } = facts;
  const trouble = unready(facts, goesOn);
  if (trouble !== undefined) return trouble;
  const { next } = record;
  if (next === undefined) {
    if (record.before !== undefined)
      return { is: "done", why: `every API server signs with the new key; ${record.before} signed before` };
    return refused("nothing-prepared", "no next key is prepared", "Run podtrust rotate prepare first.");
  }
  const lacks = unverifiedNext(facts, next) ?? notEverywhere(keyAcross(facts, next), facts);
  if (lacks !== undefined) return lacks;
  const without = isSealed(record, next) ? [] : servers.filter(({ files }) => !files.privates.includes(next));
  if (without.length > 0) {
    return refused(
      "private-half-missing",
      `the private half of ${next} is not on ${namesText(without.map(({ name }) => name))}`,
      "Run podtrust rotate prepare: it continues where it was.",
    );
  }
  const since = rememberedOf(record, next).everywhereSince ?? now;
  const { poll, publisherCache, relyingPartyCache } = times;
  const caches = { publisher: publisherCache, relyingParty: relyingPartyCache };
  const { maySign } = rotationTimeline({ createdAt: since, poll, caches, maxToken: 0 });
  if (now < maySign.at) {
    return refused(
      "too-young",
      `${next} is everywhere since ${durationText(now - since)} only: a relying party may still use a set without it for ${durationText(maySign.at - now)} (${durationText(poll)} until every publisher has it, ${durationText(publisherCache)} of Cache-Control, ${durationText(relyingPartyCache)} of publisher.relyingPartyCache)`,
      "Wait, or let podtrust rotate run wait.",
      maySign.at,
    );
  }
  return { is: "allowed", kid: next, why: `every API server verifies ${next}, and every cache has it` };
}

/** What keeps every API server from signing with a key; undefined where nothing does. */
function lackingToSign(facts: RotationFacts, kid: string): string | undefined {
  const without = facts.servers.filter(({ files }) => !files.privates.includes(kid));
  const lacks = notEverywhere(keyAcross(facts, kid), facts)?.message;
  if (lacks !== undefined || without.length === 0) return lacks;
  return `its private half is not on ${namesText(without.map(({ name }) => name))}`;
}

/**
 * API servers sign with different keys, and nothing remembers which of these was to come: they may all sign with one that every
 * API server verifies, that is published, and whose private half every machine has; of several with the one that most sign with.
 * That choice holds while one server after another is changed. Undefined where they sign with one key.
 */
function judgeOneSigner(facts: RotationFacts): MoveVerdict | undefined {
  const { servers } = facts;
  const signers = [...new Set(servers.map(({ signs = "" }) => signs))];
  if (signers.length === 1) return undefined;
  const stored = storedKeysRefusal(facts);
  if (stored !== undefined) return stored;
  const lacksOf = (kid: string): string | undefined => lackingToSign(facts, kid);
  const [kid] = signers
    .filter((one) => lacksOf(one) === undefined)
    .sort((a, b) => keyAcross(facts, b).signsAt.length - keyAcross(facts, a).signsAt.length);
  if (kid !== undefined)
    return {
      is: "allowed",
      kid,
      why: `the API servers sign with ${namesText(signers)}, and which of them was to come is not known; every one of them can sign with ${kid}`,
    };
  return refused(
    "no-way-back",
    `the API servers sign with different keys, which of them was to come is not known, and none can sign everywhere: ${signers.map((one) => `${one}: ${lacksOf(one)}`).join("; ")}`,
    "Choose one of them. Give every API server its public half by --service-account-key-file, and its private half where it is missing; wait until it is published; then run podtrust rotate abort again.",
  );
}

/** Whether the cluster may go back to the key that signed before, or give up the one that was to come. */
export function judgeAbort(facts: RotationFacts): MoveVerdict {
  const { record } = facts;
  const trouble = unfit(facts);
  if (trouble !== undefined) return trouble;
  const { next, before } = record;
  const given = isUnderWay(record) ? before : next;
  const stored = given === undefined ? undefined : keptInDatastore(facts, given);
  if (stored !== undefined) return stored;
  if (next !== undefined && !isUnderWay(record))
    return { is: "allowed", kid: next, why: `${next} has signed nothing: no token is lost with it` };
  if (before === undefined) return judgeOneSigner(facts) ?? { is: "done", why: "nothing is under way" };
  const why = lackingToSign(facts, before);
  if (why !== undefined) {
    return refused(
      "no-way-back",
      `the cluster cannot go back to ${before}: ${why}`,
      "Go on with podtrust rotate promote; then rotate once more for another key.",
    );
  }
  return {
    is: "allowed",
    kid: before,
    why: `every API server verifies ${before}, and it is published; what signed meanwhile stays verified until its tokens are over`,
  };
}
