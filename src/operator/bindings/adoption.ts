import { conditionOf, type Found } from "../../rules/bindings/index.ts";
import type { Change, Plan } from "../../rules/plan/index.ts";
import { type RoleState, trustedPrincipals } from "../../providers/aws/index.ts";
import { type BindingStatus, writeStatus } from "./state.ts";
import type { Turn } from "./turn.ts";

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Policies that a role has and is not to have. */
function lost({ fields }: Pick<Change, "fields">): readonly string[] {
  return fields.flatMap(({ field, before, after }) => {
    if (field === "policies")
      return listOf(before)
        .filter((one) => !listOf(after).includes(one))
        .map(String);
    return field.startsWith("inline.") && after === undefined ? [field] : [];
  });
}

/** Of each role that a plan takes over: who may assume it now, and which policies it loses. */
export function adoptionTexts({ changes }: Pick<Plan, "changes">): readonly string[] {
  return changes.flatMap((change) => {
    const { kind, resource, observed } = change;
    if (resource.kind !== "role" || kind !== "update") return [];
    if (!observed.exists || observed.owner.kind !== "untagged") return [];
    // What a plan has seen of a role; a plan is of resources of any kind.
    const { trustPolicy } = observed.state as RoleState;
    const now =
      trustedPrincipals(trustPolicy)?.join(", ") ?? "whom its trust policy names, which cannot be read";
    const gone = lost(change).join(", ");
    return [
      `${resource.id} is taken over: until now it may be assumed by ${now === "" ? "nobody" : now}, and it loses ${gone === "" ? "no policy" : gone}`,
    ];
  });
}

/** Says in a binding's status what becomes of roles that are taken over, before anything of them is changed. */
export class AdoptionNotice {
  readonly #turn: Turn;
  readonly #granted: Found;
  readonly #status: BindingStatus;
  readonly #texts: string[] = [];

  /** `status`: as it was written last. */
  constructor(turn: Turn, granted: Found, status: BindingStatus) {
    this.#turn = turn;
    this.#granted = granted;
    this.#status = status;
  }

  /** That the binding is granted, and what was said. */
  get granted(): Found {
    return { ...this.#granted, message: [this.#granted.message, ...this.#texts].join("; ") };
  }

  /** Throws what keeps the status from being written. */
  async say(plan: Pick<Plan, "changes">): Promise<void> {
    const texts = adoptionTexts(plan);
    if (texts.length === 0) return;
    this.#texts.push(...texts);
    const { facts, clients, clock, signal } = this.#turn;
    const at = { now: clock.now(), generation: facts.object.metadata.generation ?? 0 };
    const granted = conditionOf(this.granted, this.#status.conditions, at);
    const others = this.#status.conditions.filter(({ type }) => type !== granted.type);
    const status = { ...this.#status, conditions: [granted, ...others] };
    await writeStatus(clients.cluster, facts.object, status, signal);
  }
}
