import type { Binding, Trust } from "../../bindings/index.ts";
import { awsTags } from "../../plan/index.ts";
import type { BindingOutcome, Turn } from "./turn.ts";
import type { RoleStatus } from "./state.ts";

interface Stripped {
  readonly mark: string;
  readonly binding: Binding;
  readonly roles: readonly RoleStatus[];
}

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

/**
 * Takes the policies off the roles of a binding that is no longer granted. Everything else about them stays, their
 * unique ids first of all, so that a grant that comes back gives them their rights again.
 */
export async function stripRoles(
  { clients, signal }: Turn,
  trust: Trust,
  { mark, binding, roles }: Stripped,
): Promise<BindingOutcome["changes"]> {
  const changes: BindingOutcome["changes"][number][] = [];
  for (const account of trust.accounts) {
    const names = roles.filter(({ arn, managed }) => managed && arn.split(":")[4] === account.id);
    if (names.length === 0) continue;
    const bound = clients.aws.of(trust, account);
    const states = await Promise.all(names.map(({ arn }) => bound.role(nameOf(arn), signal)));
    const wanted = states.flatMap((state) => {
      if (state === undefined || awsTags.ownerOf(state.tags, mark).kind !== "ours") return [];
      const { name, path, boundary, maxSession, description, tags } = state;
      const own = Object.entries(tags).filter(([key]) => !awsTags.isOwn(key) && !key.startsWith("aws:"));
      return [
        {
          name,
          path,
          maxSession,
          description,
          policies: [],
          inline: {},
          serviceAccounts: [`${binding.namespace}/${binding.name}`],
          subjectPatterns: [],
          sessionName: "podtrust-proof",
          tags: Object.fromEntries(own),
          ...(boundary === undefined ? {} : { boundary }),
        },
      ];
    });
    const plan = await bound.plan({ mark, roles: wanted }, signal);
    clients.assertHeld?.();
    const { done, failed } = await bound.apply(plan, signal);
    changes.push(...done);
    const [first] = failed;
    if (first !== undefined) throw first.error;
  }
  return changes;
}
