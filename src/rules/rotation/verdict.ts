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

/**
 * Servers of k3s and RKE2: at each start they compare their key file with the copy in their datastore, and end if a file is newer.
 * Source: k3s, pkg/cluster/bootstrap.go, ReconcileBootstrapData; seen on v1.34.3+k3s1.
 */
const withStoredKeys = ({ servers }: Pick<RotationFacts, "servers">): RotationFacts["servers"] =>
  servers.filter(({ distribution }) => distribution === "k3s" || distribution === "rke2");

/** What k3s and RKE2 do themselves about a stolen key; a sentence. Source: https://docs.k3s.io/cli/certificate */
const byHand = (program: string): string =>
  `For a stolen key use ${program}'s own command: put a new key alone into FOLDER/tls/service.key, run ${program} certificate rotate-ca --force --path FOLDER, and restart each server.`;

const wayOut =
  "If a server no longer starts since podtrust changed its key file: podtrust adopt undo --without-api puts it back.";

/** Why no API server of k3s or RKE2 is given other keys; undefined where there is none of them. */
export function keysInDatastore(facts: Pick<RotationFacts, "servers">): MoveRefusal | undefined {
  const found = withStoredKeys(facts);
  const [first] = found;
  if (first?.distribution === undefined) return undefined;
  const { distribution } = first;
  return refused(
    "keys-in-datastore",
    `${namesText(found.map(({ name }) => name))} ${found.length === 1 ? "runs" : "run"} ${distribution}, which keeps its keys in its datastore: with a key file that podtrust has changed it does not start again`,
    `${wayOut} ${byHand(distribution)}`,
  );
}

/** The same for giving a key up: nothing is written where no key file has it. */
export function keptInDatastore(facts: RotationFacts, kid: string): MoveRefusal | undefined {
  return withStoredKeys(facts).some(({ files }) => files.verify.includes(kid))
    ? keysInDatastore(facts)
    : undefined;
}

/** The conditions of a move that gives API servers other keys. `goesOn`: it answers a theft, with what will be started. */
export function unfitToChange(facts: RotationFacts, goesOn = false): MoveRefusal | undefined {
  return keysInDatastore(facts) ?? unfit(facts) ?? (goesOn ? undefined : startDiffers(facts));
}

/** A server that will be started with something else than it runs with: a restart of ours would do what nobody asked for. */
function startDiffers({ servers }: RotationFacts): MoveRefusal | undefined {
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
