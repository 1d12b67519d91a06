import { defined } from "../../core/base/index.ts";
import type { RoleAccess } from "./role-access.ts";

/** The environment variables by which every AWS SDK finds a role, each name once. */
export const variableNames = {
  sts: "AWS_STS_REGIONAL_ENDPOINTS",
  defaultRegion: "AWS_DEFAULT_REGION",
  region: "AWS_REGION",
  role: "AWS_ROLE_ARN",
  tokenFile: "AWS_WEB_IDENTITY_TOKEN_FILE",
  credentialsUri: "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  credentialsToken: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  session: "AWS_ROLE_SESSION_NAME",
  config: "AWS_CONFIG_FILE",
  profile: "AWS_PROFILE",
} as const;

/**
 * Variables that only make sense together, in the order of AWS's webhook: where a container has one of a group, it
 * gets none of it. Of the region's two names boto3 and version 1 of the AWS CLI read the first only.
 */
export const variableGroupNames = {
  sts: [variableNames.sts],
  region: [variableNames.defaultRegion, variableNames.region],
  role: [variableNames.role, variableNames.tokenFile],
  /** In place of the role's: of pods that have their credentials from an agent on the node. */
  container: [variableNames.credentialsUri, variableNames.credentialsToken],
  session: [variableNames.session],
  config: [variableNames.config],
} as const;

/** The field of a pod with its name, as the downward API calls it. */
export const podNameField = "metadata.name";

/** An environment variable of a container, as a pod has it. */
export type EnvironmentVariable = { readonly name: string } & (
  | { readonly value: string }
  | { readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } } }
);

/** A group of variables with their values. */
export interface VariableGroup {
  readonly group: keyof typeof variableGroupNames;
  readonly variables: readonly EnvironmentVariable[];
}

/** What the variables say: values that differ from pod to pod beside those of the role. */
export interface VariableValues extends Omit<
  RoleAccess,
  "roleArn" | "audience" | "expirationSeconds" | "sessionName" | "sessionFromPod"
> {
  readonly roleArn?: string;
  /** In place of `roleArn`: where the agent on the node answers. */
  readonly credentialsUri?: string;
  readonly tokenFile: string;
  /** A text, or the pod's name by the downward API. */
  readonly session?: string | { readonly fieldPath: string };
  readonly configFile?: string;
}

/** The variables of a role, in the groups that AWS's webhook leaves whole. */
export function variableGroups(values: VariableValues): readonly VariableGroup[] {
  const { stsRegionalEndpoints, region, roleArn, credentialsUri, tokenFile, session, configFile } = values;
  const group = (
    name: keyof typeof variableGroupNames,
    ...texts: readonly (string | { readonly fieldPath: string } | undefined)[]
  ): readonly VariableGroup[] => {
    const variables = variableGroupNames[name].flatMap((variable, index): readonly EnvironmentVariable[] => {
      const value = texts[index];
      if (value === undefined) return [];
      return [
        typeof value === "string"
          ? { name: variable, value }
          : { name: variable, valueFrom: { fieldRef: value } },
      ];
    });
    return variables.length === 0 ? [] : [{ group: name, variables }];
  };
  return [
    ...group("sts", stsRegionalEndpoints),
    ...group("region", region, region),
    ...(roleArn === undefined ? [] : group("role", roleArn, tokenFile)),
    ...(credentialsUri === undefined ? [] : group("container", credentialsUri, tokenFile)),
    ...group("session", session),
    ...group("config", configFile),
  ];
}

/** The variables of a role by name, for a process that is no container. */
export function roleEnvironment(
  access: Pick<RoleAccess, "roleArn" | "sessionName" | "region" | "stsRegionalEndpoints">,
  tokenFile: string,
): Readonly<Record<string, string>> {
  const { sessionName, ...values } = access;
  const session = defined({ session: sessionName });
  const all = variableGroups({ ...values, ...session, tokenFile }).flatMap(({ variables }) => variables);
  // A session's name that is given is a text: only a pod's own is read from its fields.
  return Object.fromEntries(all.map((one) => [one.name, (one as { readonly value: string }).value]));
}
