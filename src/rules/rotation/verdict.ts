import { defined } from "../../core/base/index.ts";
import type { KeyAcross } from "./key-states.ts";
import type { RotationFacts } from "./facts.ts";

/** Why a move is refused now: a closed set. */
export type MoveRefusalReason =
  | "server-silent"
  | "signer-unknown"
  | "signer-not-verified"
  | "signers-differ"
  | "restart-signs-other"
  | "nothing-prepared"
  | "not-in-verifiers"
  | "not-published"
  | "private-half-missing"
  | "algorithm-refused"
  | "too-young"
  | "still-signs"
  | "not-previous"
  | "tokens-live"
  | "still-published"
  | "publication-unread"
  | "legacy-tokens"
  | "controller-manager-signs"
  | "version-fails"
  | "no-way-back";

/** What a move is refused for. */
export interface MoveRefusal {
  readonly is: "refused";
  readonly reason: MoveRefusalReason;
  /** What is wrong with which value: a sentence. */
  readonly message: string;
  /** What to do: a sentence. */
  readonly next: string;
  /** From when it will be allowed, if nothing else changes; milliseconds since the epoch. */
  readonly from?: number;
}

/** Whether a move may be made now. */
export type MoveVerdict =
  | { readonly is: "allowed"; readonly kid: string; readonly why: string }
  /** There is nothing left to do. */
  | { readonly is: "done"; readonly why: string }
  | MoveRefusal;

/** A refusal that only something else than time ends, unless `from` says when. */
export function refused(
  reason: MoveRefusalReason,
  message: string,
  next: string,
  from?: number,
): MoveRefusal {
  return { is: "refused", reason, message, next, ...defined({ from }) };
}

/** `a, b and c` */
export function namesText(names: readonly string[]): string {
  const [last, ...others] = names.toReversed();
  return others.length === 0 ? `${last}` : `${others.toReversed().join(", ")} and ${last}`;
}

/** The conditions of every move: every API server answers, and each verifies what any of them signs. */
export function unfit(facts: RotationFacts): MoveRefusal | undefined {
  const { servers, unanswered } = facts;
  const [silent] = unanswered;
  if (silent !== undefined) {
    return refused(
      "server-silent",
      `the API server ${silent.name} does not answer: ${silent.why}`,
      "Bring it back; if it does not start since podtrust changed its files: podtrust adopt undo. A server that is left behind would refuse tokens, or continue with the old key.",
    );
  }
  const unknown = servers.find(({ signs }) => signs === undefined);
  if (servers.length === 0 || unknown !== undefined) {
    return refused(
      "signer-unknown",
      `the API server ${unknown?.name ?? "of the cluster"} made no token, so it is not known with which key it signs`,
      "Look why TokenRequest fails there; podtrust status shows the link token.",
    );
  }
  for (const { name, signs = "" } of servers) {
    const without = servers.filter(({ verifies }) => !verifies.includes(signs));
    if (without.length > 0) {
      return refused(
        "signer-not-verified",
        `${name} signs with ${signs}, which ${namesText(without.map((one) => one.name))} does not verify: its tokens are refused there`,
        "Add the public key to --service-account-key-file of each API server first.",
      );
    }
  }
  return undefined;
}

/** Versions that do not start again after a change of keys: https://github.com/k3s-io/k3s/issues/11014 */
const failingVersions: readonly string[] = ["v1.31.1+k3s1"];

/** The same for a move that restarts API servers. */
export function unfitToRestart(facts: RotationFacts): MoveRefusal | undefined {
  const trouble = unfit(facts);
  const one = facts.servers.find(({ version = "" }) => failingVersions.includes(version));
  if (trouble !== undefined || one === undefined) return trouble;
  return refused(
    "version-fails",
    `${one.name} runs ${one.version}, which is known not to start again after a change of keys`,
    "Upgrade k3s to a later patch release first.",
  );
}

/**
 * What has to be copied from machines before their API servers are restarted with other keys; undefined where nothing
 * has to be.
 */
export function toCopyFirst({ servers }: RotationFacts): string | undefined {
  const found = servers.flatMap(({ name, distribution }) =>
    distribution === "k3s" || distribution === "rke2" ? [{ name, distribution }] : [],
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const folder = `/var/lib/rancher/${first.distribution}/server`;
  return `${first.distribution} may not start again with other keys, and there is no way back without copies of ${folder}/token, ${folder}/tls and its datastore (${folder}/db, or the database that it is given), from ${namesText(found.map(({ name }) => name))}`;
}

/** What keeps a key from being accepted everywhere by now; undefined where it is. */
export function notEverywhere(
  { kid, missingAt, unpublishedOn }: KeyAcross,
  facts: RotationFacts,
): MoveRefusal | undefined {
  if (missingAt.length > 0) {
    return refused(
      "not-in-verifiers",
      `${kid} is not in the JWK Set of ${namesText(missingAt)}: tokens of it would be refused there`,
      "Run podtrust rotate prepare: it continues where it was.",
    );
  }
  if (facts.published.length === 0) {
    return refused(
      "not-published",
      "what is published cannot be read from outside",
      "Look with podtrust status at the links dns, tls and reachability.",
    );
  }
  if (unpublishedOn.length > 0) {
    return refused(
      "not-published",
      `${kid} is not published as seen from outside ${namesText(unpublishedOn)}`,
      "Wait until the publisher has looked at the cluster; podtrust rotate status shows what it publishes, and what it uploads.",
    );
  }
  return undefined;
}
