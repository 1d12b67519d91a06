import { defined, mapped } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { iamProviderKey } from "../../rules/oidc/index.ts";
import { providerArnOf, type ResourceOutputs, roleArnOf } from "../parts/index.ts";

/** What a stack consists of, by the names that scripts ask for. Always text. */
export type Outputs = Readonly<Record<string, string>>;

function addressOutputs({ stack, machine }: Config, found: ResourceOutputs): Outputs {
  const server = found.get(`hetzner/server/${stack}`) ?? {};
  const address = machine?.ssh?.address;
  const given = address === undefined ? {} : { [address.includes(":") ? "ipv6" : "ipv4"]: address };
  const { ipv4, ipv6 } = { ...given, ...server } as { ipv4?: string; ipv6?: string };
  return {
    ...defined({
      public_ip: ipv4,
      public_ipv6: ipv6,
      ssh_user: mapped(machine, (section) => section.ssh?.user ?? section.user),
    }),
  };
}

/**
 * `iam_role_arn` for a single role, and `iam_role_arn_NAME` for several; with the account's id if there are several
 * accounts.
 */
function roleOutputs({ aws }: Config): Outputs {
  const roles = aws.flatMap((account) => account.roles.map((role) => ({ account, role })));
  const [only] = roles;
  if (only !== undefined && roles.length === 1) return { iam_role_arn: roleArnOf(only.account, only.role) };
  const names = roles.map(({ account, role }) => {
    const isTwice = roles.filter((one) => one.role.name === role.name).length > 1;
    const name = isTwice ? `${role.name}_${account.account}` : role.name;
    return [`iam_role_arn_${name}`, roleArnOf(account, role)];
  });
  return Object.fromEntries(names) as Outputs;
}

function providerOutputs({ aws, issuer }: Config): Outputs {
  const names = aws.map((account) => [
    aws.length === 1 ? "oidc_provider_arn" : `oidc_provider_arn_${account.account}`,
    providerArnOf(account, issuer),
  ]);
  return Object.fromEntries(names) as Outputs;
}

/** The outputs of a stack: names and ARNs from its config, addresses from existing resources. */
export function outputsOf(config: Config, found: ResourceOutputs): Outputs {
  return {
    domain_name: new URL(config.issuer).host,
    // As in the guide: a bare name, to which its OpenTofu prepends https://.
    oidc_provider_url: iamProviderKey(config.issuer),
    ...addressOutputs(config, found),
    ...providerOutputs(config),
    ...roleOutputs(config),
  };
}
