import type { AwsPart, RoleState } from "../../stack/parts/index.ts";
import { awsParts } from "../../stack/parts/index.ts";
import type { StatusFacts } from "../../stack/index.ts";
import type { LimitsLook, Look, PolicyLook } from "../judge/index.ts";
import type { Limits } from "./aws.ts";
import { look } from "./looking.ts";

const maxPolicies = 20;

/** The texts of a role's boundary, and of the policies that grant it something; those that are not there are left out. */
async function limitsOf(
  part: AwsPart,
  { boundary, policies, inline }: RoleState & { readonly boundary: string },
  signal: AbortSignal,
): Promise<LimitsLook> {
  await part.open(signal);
  const read = async (arn: string): Promise<readonly PolicyLook[]> => {
    const text = await part.lookAtPolicy(arn, signal);
    return text === undefined ? [] : [{ name: arn, text }];
  };
  const [limit = { name: boundary, text: "" }] = await read(boundary);
  const managed = await Promise.all(policies.slice(0, maxPolicies).map(read));
  const own = Object.entries(inline).map(([name, text]) => ({ name: `inline ${name}`, text }));
  return { boundary: limit, policies: [...managed.flat(), ...own] };
}

/** What limits the roles of a stack that have a permissions boundary, by their ARNs. Asks AWS only where one has. */
export async function roleLimits(
  facts: StatusFacts,
  options: Parameters<typeof awsParts>[0] & { readonly signal: AbortSignal },
): Promise<Limits> {
  const found = new Map<string, Look<LimitsLook>>();
  const limited = facts.accounts.flatMap(({ account, roles }) =>
    roles.flatMap(({ look: seen }) => {
      const state =
        seen.kind === "seen" && seen.value.observed.exists ? seen.value.observed.state : undefined;
      const { boundary } = state ?? {};
      return state === undefined || boundary === undefined
        ? []
        : [{ account, state: { ...state, boundary } }];
    }),
  );
  if (limited.length === 0) return found;
  const parts = awsParts(options);
  try {
    for (const { account, state } of limited) {
      const part = parts.find((one) => one.account === account);
      if (part === undefined) continue;
      found.set(state.arn, await look(options.signal, () => limitsOf(part, state, options.signal)));
    }
    return found;
  } finally {
    for (const part of parts) part.close();
  }
}
