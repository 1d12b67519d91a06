import { asPodtrustError } from "../../../core/base/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import type { Finding } from "../../../stack/index.ts";
import { requestedToken } from "../service-account.ts";
import { ageOf, foundOf, isProofFresh, soon } from "../status.ts";
import type { BindingRow, Bound, EnginePass, Made, Opened, RowTypes } from "./row.ts";

/** What of a binding is to be proven. */
export interface Provable<T extends RowTypes> {
  readonly proving: Opened<T>["proving"];
  readonly bound: Bound<T>;
  readonly made: Pick<Made<T>, "rights" | "seen">;
  /** RFC 3339: when something was changed last at the relying party for it. */
  readonly changedAt: string | undefined;
}

/** What this pass changed at the relying party. */
export interface Change {
  readonly changed: boolean;
  /** Whether something was made, and not only taken. */
  readonly widened: boolean;
}

/** What `Ready` says, and when to ask again. */
export interface Readiness {
  readonly found: ConditionContent;
  readonly isProof: boolean;
  /** Whether the relying party need not know yet what was changed. */
  readonly isSettling: boolean;
  readonly againIn: number;
}

/** What the relying party answers the ServiceAccount now. */
async function answered<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { proving, bound, made, changedAt }: Provable<T>,
): Promise<Finding> {
  const token = await requestedToken(pass, proving.audience(bound));
  if ("reason" in token) return token;
  const { clock, signal } = pass;
  try {
    const age = ageOf(pass, Date.parse(changedAt ?? ""));
    return await proving.ask(bound, made, { jwt: token.token, age, clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    return row.trouble(asPodtrustError(error), row.from(bound.trust));
  }
}

/** The last proof while it is fresh, else a new one. */
export async function readiness<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  provable: Provable<T>,
  { changed, widened }: Change,
): Promise<Readiness> {
  const { accepted, settling, every, untilLook } = row.proof;
  const { bound, proving } = provable;
  const stood = pass.status.conditions.find(({ type }) => type === "Ready");
  const unproved = { isProof: false, isSettling: false };
  if (stood !== undefined && isProofFresh(pass, changed)) {
    const { type, reason, message } = stood;
    const age = ageOf(pass, Date.parse(pass.status.lastProof ?? ""));
    return { ...unproved, found: { type, reason, message }, againIn: untilLook(bound, age) };
  }
  const early = proving.early(bound, { widened, clock: pass.clock });
  if (early !== undefined) {
    const { finding, againIn } = early;
    return { ...unproved, isSettling: true, found: foundOf("Ready", finding), againIn };
  }
  const said = await answered(row, pass, provable);
  const found = foundOf("Ready", said);
  if (said.outcome === "ok") {
    const isProof = said.reason === accepted;
    return { ...unproved, found, isProof, againIn: isProof ? untilLook(bound, 0) : row.interval };
  }
  const isSettling = said.reason === settling;
  return { ...unproved, isSettling, found, againIn: isSettling ? every : soon };
}
