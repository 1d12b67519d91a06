import { defined, hostNameOf, partitionOf } from "../../../core/base/index.ts";
import { isPrivateName } from "../../../issuer/index.ts";
import {
  oidcProviderArn,
  oidcProviderNames,
  type IamRole,
  roleArn,
  trustedRole,
  webIdentityTrustPolicy,
} from "../../../providers/aws/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../../config/index.ts";
import { iamProviderKey, serviceAccountSubject } from "../../../rules/oidc/index.ts";
import { admission, type Admission, type RoleFacts } from "../../../rules/trust/index.ts";

/** A role of the config, and the issuer whose tokens it trusts. */
export interface TrustingRole {
  readonly issuer: string;
  /** Former issuers, whose tokens AWS accepts as well: `formerIssuersOf`. */
  readonly formerIssuers?: readonly string[];
  readonly account: AwsConfig;
  readonly role: RoleConfig;
}

/** The ARN that a role of the config has. */
export function roleArnOf(account: AwsConfig, role: RoleConfig): string {
  return roleArn(partitionOf(account.region), account.account, role);
}

/** The ARN that the OIDC provider of an issuer has. */
export function providerArnOf(account: AwsConfig, issuer: string): string {
  return oidcProviderArn(partitionOf(account.region), account.account, issuer);
}

/** The former issuers that AWS can know: those with a name in the public DNS. */
export function formerIssuersOf({ publisher }: Pick<Config, "publisher">): readonly string[] {
  return (publisher?.formerIssuers ?? []).filter((one) => !isPrivateName(hostNameOf(one)));
}

/** Ids in plans of the OIDC providers of former issuers: the roles trust their tokens as well. */
export function formerProviderIds(account: AwsConfig, config: Pick<Config, "publisher">): readonly string[] {
  return formerIssuersOf(config).map(
    (issuer) => oidcProviderNames(account.account, providerArnOf(account, issuer)).id,
  );
}

/** The trust policy that the config wants: ServiceAccounts literally, patterns only if the config has them. */
export function trustPolicyOf({ issuer, formerIssuers, account, role }: TrustingRole): string {
  return webIdentityTrustPolicy({
    partition: partitionOf(account.region),
    account: account.account,
    issuer,
    audiences: account.audiences,
    serviceAccounts: role.serviceAccounts,
    subjectPatterns: role.subjectPatterns,
    ...defined({ formerIssuers }),
  });
}

/** The hypothetical caller. */
export interface Asker {
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

function admissionBy(trusting: TrustingRole, state: RoleFacts, asker: Asker): Admission {
  const { issuer, account, role } = trusting;
  const [namespace = "", name = ""] = asker.serviceAccount.split("/");
  const arn = providerArnOf(account, issuer);
  return admission({
    role: state,
    provider: { arn, url: iamProviderKey(issuer) },
    claims: { iss: issuer, sub: serviceAccountSubject(namespace, name), aud: [asker.audience] },
    sessionName: role.sessionName,
    now: Math.floor(asker.now / 1000),
    context: { "aws:RequestedRegion": account.region },
  });
}

/**
 * Whether the role, as IAM has it, admits a token of a ServiceAccount with the config's session name. Throws
 * `policy-malformed` for a trust policy that cannot be read.
 */
export function admissionOf(trusting: TrustingRole, iamRole: IamRole, asker: Asker): Admission {
  return admissionBy(trusting, trustedRole(iamRole), asker);
}

/** Whether the role, as the config wants it, admits tokens of a ServiceAccount. */
export function trusts(trusting: TrustingRole, serviceAccount: string): boolean {
  const { account, role } = trusting;
  const wanted = trustedRole({
    arn: roleArnOf(account, role),
    account: account.account,
    name: role.name,
    id: "",
    maxSession: role.maxSession,
    trustPolicy: trustPolicyOf(trusting),
  });
  // What the config writes does not depend on time: any will do.
  const asker = { serviceAccount, audience: account.audiences[0] ?? "", now: 0 };
  return admissionBy(trusting, wanted, asker).outcome === "admitted";
}
