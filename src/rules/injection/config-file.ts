import { defined } from "../../core/base/index.ts";
import { configFileName, configMountPath, configVolumeName, fileIn, tokenFileName } from "./mount-paths.ts";
import type { Profile, RoleAccess } from "./role-access.ts";

/** Where clients find a pod's config file, and the token that it names. */
export const configFile = fileIn(configMountPath, configFileName);
export const configTokenFile = fileIn(configMountPath, tokenFileName);

/** The profile of the ServiceAccount's own role where `default` is a chained one. */
export const sourceProfile = "service-account";
export const defaultProfile = "default";

/** The settings of a profile that are the same for all of them. */
export const configSettings = {
  role: "role_arn",
  tokenFile: "web_identity_token_file",
  source: "source_profile",
  externalId: "external_id",
  session: "role_session_name",
  region: "region",
  sts: "sts_regional_endpoints",
} as const;

/** Whether clients that choose no profile get a chained role in place of the ServiceAccount's own. */
export function chainsDefault({ profiles = [] }: RoleAccess): boolean {
  return profiles.some(({ name, by }) => by === "role" && name === defaultProfile);
}

/**
 * The AWS config file of a workload with several roles, in the form that every AWS SDK reads (sections `[default]` and
 * `[profile NAME]`); undefined for one that has a single role. Paths are those of Linux.
 */
export function configText(access: RoleAccess): string | undefined {
  const { roleArn, sessionName, region, stsRegionalEndpoints, profiles = [] } = access;
  if (profiles.length === 0) return undefined;
  const shared = [
    ...(sessionName === undefined ? [] : [`${configSettings.session} = ${sessionName}`]),
    ...(region === undefined ? [] : [`${configSettings.region} = ${region}`]),
    ...(stsRegionalEndpoints === undefined ? [] : [`${configSettings.sts} = ${stsRegionalEndpoints}`]),
  ];
  const source = chainsDefault(access) ? sourceProfile : defaultProfile;
  const section = ({ name, roleArn: role, by, externalId }: Profile): string =>
    [
      name === defaultProfile ? "[default]" : `[profile ${name}]`,
      `${configSettings.role} = ${role}`,
      by === "token"
        ? `${configSettings.tokenFile} = ${configTokenFile}`
        : `${configSettings.source} = ${source}`,
      ...(externalId === undefined ? [] : [`${configSettings.externalId} = ${externalId}`]),
      ...shared,
      "",
    ].join("\n");
  return [{ name: source, roleArn, by: "token" } as const, ...profiles].map(section).join("\n");
}

/** The volume of the config file: the file itself, from the pod's annotation, and the token that it names. */
export function configVolume(
  { audience, expirationSeconds, tokenMode }: RoleAccess,
  annotation: string,
): Readonly<Record<string, unknown>> {
  const fieldRef = { fieldPath: `metadata.annotations['${annotation}']` };
  return {
    name: configVolumeName,
    projected: {
      sources: [
        { serviceAccountToken: { audience, expirationSeconds, path: tokenFileName } },
        { downwardAPI: { items: [{ path: configFileName, fieldRef }] } },
      ],
      ...defined({ defaultMode: tokenMode }),
    },
  };
}
