import type { JsonRecord } from "../../core/base/index.ts";
import { accountAnnotations, chainPrefix } from "./annotations.ts";
import { annotatedAccess } from "./annotated-access.ts";
import { chainsDefault, defaultProfile } from "./config-file.ts";
import { shownValue } from "./notes.ts";
import type { Profile, RoleAccess } from "./role-access.ts";

const sameProfile = (one: Profile, other: Profile): boolean =>
  one.name === other.name &&
  one.by === other.by &&
  one.roleArn === other.roleArn &&
  one.externalId === other.externalId;

const profilesOf = ({ profiles = [] }: RoleAccess): readonly Profile[] => profiles;

/**
 * How the role, audience or profiles that a ServiceAccount's annotations give its pods differ from `wanted`: the end of
 * a sentence that begins with the ServiceAccount; undefined where they do not. Profiles that `wanted` does not name do
 * no harm, unless one becomes the default.
 */
export function accessConflict(serviceAccount: JsonRecord, wanted: RoleAccess): string | undefined {
  const access = annotatedAccess({}, { serviceAccount }).access;
  if (access === undefined) return `has no annotation ${accountAnnotations["role-arn"]}`;
  const { roleArn, audience } = access;
  if (roleArn !== wanted.roleArn) return `gives pods the role ${shownValue(roleArn)}, not ${wanted.roleArn}`;
  if (audience !== wanted.audience) {
    const asked = `${accountAnnotations.audience}: ${shownValue(audience)}`;
    return `gives pods tokens that STS refuses, by its annotation ${asked}, where the trust has ${wanted.audience}`;
  }
  if (chainsDefault(access) !== chainsDefault(wanted))
    return `gives pods another role by default, by its annotation ${chainPrefix}${defaultProfile}`;
  const lost = profilesOf(wanted).find((one) => !profilesOf(access).some((there) => sameProfile(one, there)));
  return lost === undefined ? undefined : `does not give pods the profile ${lost.name} with ${lost.roleArn}`;
}
