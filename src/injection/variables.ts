import type { RoleAccess } from "./role-access.ts";

/** An environment variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** Variables that only make sense together: where a container has one of `unless` already, it gets none of them. */
export interface VariableGroup {
  readonly unless: readonly string[];
  readonly variables: readonly EnvironmentVariable[];
}

const group = (
  variables: readonly EnvironmentVariable[],
  unless: readonly string[] = variables.map(({ name }) => name),
): VariableGroup => ({ unless, variables });

/**
 * The variables of a role, in the groups that AWS's webhook leaves whole. Every AWS SDK reads them by itself; of the
 * region's two names boto3 and version 1 of the AWS CLI read the second only.
 */
export function variableGroups(
  access: Omit<RoleAccess, "audience" | "expirationSeconds">,
  tokenFile: string,
): readonly VariableGroup[] {
  const { roleArn, sessionName, region, stsRegionalEndpoints } = access;
  return [
    ...(stsRegionalEndpoints === undefined
      ? []
      : [group([{ name: "AWS_STS_REGIONAL_ENDPOINTS", value: stsRegionalEndpoints }])]),
    group([
      { name: "AWS_REGION", value: region },
      { name: "AWS_DEFAULT_REGION", value: region },
    ]),
    group(
      [
        { name: "AWS_ROLE_ARN", value: roleArn },
        { name: "AWS_ROLE_SESSION_NAME", value: sessionName },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: tokenFile },
      ],
      ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ),
  ];
}

/** The variables of a role by name, for a process that is no container. */
export function roleEnvironment(
  access: Omit<RoleAccess, "audience" | "expirationSeconds">,
  tokenFile: string,
): Readonly<Record<string, string>> {
  const all = variableGroups(access, tokenFile).flatMap(({ variables }) => variables);
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}
