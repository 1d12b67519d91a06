import type { RoleDetail } from "@aws-sdk/client-iam";
import { defined, mapLimit } from "../../core/base/index.ts";
import { type Iam, iamOf } from "./iam-call.ts";
import { allPages } from "./pages.ts";
import { decodedDocument, factsOf, type IamRole, readRoleState, type RoleState } from "./role.ts";
import type { AwsSession } from "./session.ts";

/** A role as ListRoles gives it, without tags, policies or boundary. */
export type ListedRole = Pick<IamRole, "arn" | "name" | "id" | "description" | "maxSession" | "trustPolicy">;

/** Roles with all details in a page: a page of a thousand takes ten times its size while it is parsed. */
const detailsOfPage = 200;

/**
 * A copy whose texts own their memory: substrings of an answer of IAM keep all of it in memory, which for a thousand
 * roles is megabytes.
 */
function standing<T extends ListedRole>(role: T): T {
  return JSON.parse(JSON.stringify(role)) as T;
}

const listedOf = ({ arn, name, id, description, maxSession, trustPolicy }: IamRole): ListedRole => ({
  arn,
  name,
  id,
  description,
  maxSession,
  trustPolicy,
});

async function listedRoles(iam: Iam): Promise<readonly ListedRole[]> {
  return allPages(async (Marker) => {
    const answer = await iam.read("listing roles", (client, api, options) =>
      client.send(new api.ListRolesCommand({ MaxItems: 1000, ...defined({ Marker }) }), options),
    );
    return { items: answer?.Roles?.map((role) => standing(listedOf(factsOf(role)))), marker: answer?.Marker };
  });
}

/** Without what only ListRoles gives: description and longest session. */
async function detailedRoles(iam: Iam): Promise<readonly RoleState[]> {
  return allPages(async (Marker) => {
    const answer = await iam.read("reading the account's roles", (client, api, options) =>
      client.send(
        new api.GetAccountAuthorizationDetailsCommand({
          Filter: ["Role"],
          MaxItems: detailsOfPage,
          ...defined({ Marker }),
        }),
        options,
      ),
    );
    return {
      items: answer?.RoleDetailList?.map((detail) => standing(stateOf(detail))),
      marker: answer?.Marker,
    };
  });
}

function stateOf(detail: RoleDetail): RoleState {
  return {
    ...factsOf(detail),
    policies: (detail.AttachedManagedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn),
    inline: Object.fromEntries(
      (detail.RolePolicyList ?? []).map(({ PolicyName = "", PolicyDocument }) => [
        PolicyName,
        decodedDocument(PolicyDocument),
      ]),
    ),
  };
}

/** The roles of an account, without AWS's own service roles. */
export interface AccountRoles {
  readonly listed: readonly ListedRole[];
  /**
   * Roles with everything on them: all of them, or where the caller may not read them at once, those that were
   * selected.
   */
  readonly read: readonly RoleState[];
  /** Whether `read` holds all of them. */
  readonly isWhole: boolean;
}

const isServiceRole = ({ name }: ListedRole): boolean => name.startsWith("AWSServiceRoleFor");

/**
 * Reads all roles of an account in as few calls as IAM has pages. ListRoles gives neither tags nor policies, and
 * GetAccountAuthorizationDetails neither description nor longest session: both together give all. A caller without the
 * right to the second reads the roles that `meant` selects one by one.
 */
export async function readAccountRoles(
  session: AwsSession,
  meant: (role: ListedRole) => boolean,
  signal?: AbortSignal,
): Promise<AccountRoles> {
  const iam = iamOf(session, signal);
  // Details first: a role that is deleted meanwhile is in one of the two lists, and then there is none.
  const details = await iam.allowed(() => detailedRoles(iam));
  const listed = (await listedRoles(iam)).filter((role) => !isServiceRole(role));
  if (details === undefined) {
    const read = await mapLimit(listed.filter(meant), ({ name }) => readRoleState(session, name, signal));
    return { listed, read: read.filter((role) => role !== undefined), isWhole: false };
  }
  const byId = new Map(listed.map((role) => [role.id, role]));
  const read = details.flatMap((detail) => {
    const role = byId.get(detail.id);
    if (role === undefined) return [];
    const { description, maxSession } = role;
    return [{ ...detail, description, maxSession }];
  });
  return { listed, read, isWhole: true };
}
