import { asPodtrustError, mapLimit, type PodtrustError } from "../../core/base/index.ts";
import {
  allowedOf,
  type Binding,
  bindingMark,
  type GrantedRole,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import { possibleRoles, versionOf } from "./status.ts";
import type { BindingOutcome, Turn } from "./turn.ts";

/** Whose roles are cut, and by what. */
interface Cutting {
  /** As it was read in this turn; without grants where it is being deleted. */
  readonly trust: Trust;
  readonly whose: Pick<Binding, "namespace" | "name">;
  /** What the binding is granted; nothing where it is invalid, or refused. */
  readonly granted: readonly GrantedRole[];
}

/** What came of it. */
export interface CutRoles {
  /** By which grant a role stands now, by its name; absent where it has none, or is not there. */
  readonly grants: ReadonlyMap<string, string>;
  readonly changes: BindingOutcome["changes"];
}

/** So old a look at an account may be, in milliseconds, where trust or binding are others than at the last turn. */
const fresh = 2000;

/** Which trust a turn read. */
export function trustVersion({ facts: { trust } }: Pick<Turn, "facts">): string | undefined {
  return trust && versionOf(trust);
}

/** Whether nothing that is judged by has changed since a turn was done with its cut. */
function isCutBefore(turn: Turn): boolean {
  const { facts, status } = turn;
  return (
    status.observedGeneration === facts.object.metadata.generation &&
    status.observedTrust !== undefined &&
    status.observedTrust === trustVersion(turn)
  );
}

/**
 * The first step of a turn: takes from every role that carries the binding's mark what no grant allows of it, whatever the
 * binding says, whether it can be read or not. What the one grant allows that allows most of a role stays untouched; where no
 * grant is left the role is closed. Throws the first failure, once all roles were tried: nothing else is done in this turn, and
 * the next one begins here.
 */
export async function cutRoles(turn: Turn, { trust, whose, granted }: Cutting): Promise<CutRoles> {
  const { clients, signal, status } = turn;
  const mark = bindingMark(trust, whose);
  const grants = new Map<string, string>();
  const changes: BindingOutcome["changes"][number][] = [];
  const failures: PodtrustError[] = [];
  const preferred = new Map(granted.map(({ arn, grant }) => [readArn(arn).name, grant]));
  const own = [
    ...possibleRoles(status),
    ...granted.map(({ arn, managed }) => ({ arn, managed: managed !== undefined })),
  ].filter(({ managed }) => managed);
  const isOwn = (account: TrustAccount): boolean =>
    own.some(({ arn }) => readArn(arn).account === account.id) ||
    clients.aws.of(trust, account).showed(mark) === true;
  // One of the same name may have left roles that this one does not know: where nobody has looked yet, who is granted nothing looks.
  const concerned = trust.accounts.filter(
    (account) =>
      isOwn(account) || (granted.length === 0 && clients.aws.of(trust, account).showed(mark) === undefined),
  );
  await mapLimit(concerned, async (account) => {
    const names = own.filter(({ arn }) => readArn(arn).account === account.id);
    const allowed = (role: RoleState) => {
      const one = allowedOf(role, whose, trust, preferred.get(role.name));
      if (one !== undefined) grants.set(role.name, one.grant);
      return one;
    };
    try {
      const cut = await clients.aws.of(trust, account).cut(
        {
          mark,
          names: names.map(({ arn }) => readArn(arn).name),
          ...(isCutBefore(turn) ? {} : { oldest: fresh }),
          allowed,
          assertHeld: () => clients.assertHeld?.(),
        },
        signal,
      );
      changes.push(...cut.done.map((fields) => ({ kind: "update", fields }) as const));
      failures.push(...cut.failed);
    } catch (error) {
      signal.throwIfAborted();
      // An account that cannot be reached is nothing to a binding that is not known to have a role there.
      if (isOwn(account)) failures.push(asPodtrustError(error));
    }
  });
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return { grants, changes };
}
