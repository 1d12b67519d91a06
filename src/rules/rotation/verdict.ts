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
  | "copies-live"
  | "still-published"
  | "publication-unread"
  | "legacy-tokens"
  | "controller-manager-signs"
  | "keys-in-datastore"
  | "start-differs"
  | "no-rotate-ca"
  | "untried"
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

/** A server that will be started with something else than it runs with: a restart of ours would do what nobody asked for. */
export function startDiffers({ servers }: RotationFacts): MoveRefusal | undefined {
  const one = servers.find(({ differs }) => differs !== undefined);
  if (one?.differs === undefined) return undefined;
  return refused(
    "start-differs",
    `the API server ${one.name} does not run with what it will be started with: ${one.differs}`,
    "Wait until it has restarted, or restart it. A way back and an answer to a theft go on with what will be started.",
  );
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
