import {
  isSealed,
  judgeAbort,
  judgeFinishPublication,
  judgeFinishVerifiers,
  judgePrepare,
  judgePromote,
  type KeyAcross,
  keysAcross,
  type MoveVerdict,
  rememberedOf,
} from "../../rules/rotation/index.ts";
import type { RotationView } from "../../control-plane/rotation/index.ts";
import { defined, isoSeconds } from "../../core/base/index.ts";
import { bold, red, rich, yellow } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";

/** A key across the API servers, and what may be done with it. */
interface ShownKey extends KeyAcross {
  readonly everywhereSince?: number;
  readonly retiredAt?: number;
  /** Names of API servers whose controller manager signs tokens in Secrets with it. */
  readonly secretTokensBy: readonly string[];
  readonly finishPublication?: MoveVerdict;
  readonly finishVerifiers?: MoveVerdict;
}

/** What `rotate status` says beside the publisher; times in milliseconds since the epoch. */
export interface Across {
  readonly servers: readonly string[];
  readonly unanswered: readonly { readonly name: string; readonly why: string }[];
  readonly unpublished: readonly string[];
  /** What is to be said of what the servers remember: sentences. */
  readonly notes: readonly string[];
  readonly keys: readonly ShownKey[];
  readonly moves: Readonly<Record<"prepare" | "promote" | "abort", MoveVerdict>>;
  /** The next key's private half is where the current one's is. */
  readonly oneTheftTakesBoth: boolean;
  /** The next key's private half is on no machine, but encrypted beside the record. */
  readonly nextIsEncrypted: boolean;
}

/** The same as data. */
export function acrossOf({ facts, unpublished, notes }: RotationView): Across {
  const keys = keysAcross(facts).map((key): ShownKey => {
    const { everywhereSince, retiredAt } = rememberedOf(facts.record, key.kid);
    const bySecrets = facts.servers.filter(({ controllerManager }) => controllerManager?.includes(key.kid));
    const times = {
      secretTokensBy: bySecrets.map(({ name }) => name),
      ...defined({ everywhereSince, retiredAt }),
    };
    if (key.state !== "previous") return { ...key, ...times };
    return {
      ...key,
      ...times,
      finishPublication: judgeFinishPublication(facts, key.kid),
      finishVerifiers: judgeFinishVerifiers(facts, key.kid),
    };
  });
  return {
    servers: facts.servers.map(({ name }) => name),
    unanswered: facts.unanswered,
    unpublished,
    notes,
    keys,
    moves: { prepare: judgePrepare(facts), promote: judgePromote(facts), abort: judgeAbort(facts) },
    oneTheftTakesBoth: keys.some(({ kid, state }) => state === "next" && !isSealed(facts.record, kid)),
    nextIsEncrypted: keys.some(({ kid }) => isSealed(facts.record, kid)),
  };
}

function verdictText(verdict: MoveVerdict): string {
  if (verdict.is === "refused")
    return verdict.from === undefined
      ? `not now: ${verdict.message}`
      : `from ${isoSeconds(verdict.from)}: ${verdict.message}`;
  return verdict.is === "done" ? `done: ${verdict.why}` : `allowed: ${verdict.why}`;
}

function keyLines(key: ShownKey): readonly string[] {
  const { signsAt, missingAt, unpublishedOn, everywhereSince, retiredAt, state, secretTokensBy } = key;
  return [
    ...(signsAt.length === 0 ? [] : [`signs at ${signsAt.join(", ")}`]),
    ...(secretTokensBy.length === 0
      ? []
      : [`signs tokens in Secrets, by the controller manager of ${secretTokensBy.join(", ")}`]),
    ...(missingAt.length === 0 ? [] : [`not verified by ${missingAt.join(", ")}`]),
    ...(unpublishedOn.length === 0 ? [] : [`not published ${unpublishedOn.join(", ")}`]),
    ...(everywhereSince === undefined ? [] : [`everywhere since ${isoSeconds(everywhereSince)}`]),
    ...(retiredAt === undefined || state !== "previous"
      ? []
      : [`signs no more since ${isoSeconds(retiredAt)}`]),
    ...(key.finishPublication === undefined
      ? []
      : [`finish publication ${verdictText(key.finishPublication)}`]),
    ...(key.finishVerifiers === undefined ? [] : [`finish verifiers ${verdictText(key.finishVerifiers)}`]),
  ];
}

/** The same for a person. */
export function showAcross({ output }: CommandContext, across: Across): void {
  const { servers, unanswered, unpublished, notes, keys, moves, nextIsEncrypted, oneTheftTakesBoth } = across;
  output.line(rich`${bold("API servers")}  ${servers.join(", ")}`);
  for (const { name, why } of unanswered) output.line(rich`  ${red(name)} does not answer: ${why}`);
  for (const why of unpublished) output.line(rich`  ${red("not read from outside")}: ${why}`);
  for (const note of notes) output.line(rich`  ${yellow("note")}: ${note}`, 4);
  for (const key of keys) {
    output.line(rich`  ${bold(key.kid)}  ${key.state}`);
    for (const line of keyLines(key)) output.line(`    ${line}`);
  }
  for (const [move, verdict] of Object.entries(moves)) output.line(`  ${move}: ${verdictText(verdict)}`);
  if (nextIsEncrypted)
    output.line(
      "  The next key's private half is encrypted: podtrust rotate promote needs --identity, and one theft does not take both.",
    );
  if (oneTheftTakesBoth) {
    output.line(
      rich`  ${yellow("note")}: the next key's private half is on the same machines as the current one: one theft gets both. podtrust rotate prepare --recipient encrypts it.`,
    );
  }
}
