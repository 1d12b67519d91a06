import { partitionOf } from "../../core/base/index.ts";
import { operatorPolicy, defaultIdentity } from "../../rules/bindings/index.ts";
import type { AwsConfig } from "../aws/config.ts";
import type { ConfigSource } from "../paths.ts";
import type { OperatorInput } from "./schema.ts";

const markKey = "podtrust:stack";

/** An account with the operator's role, where the operator's trust has the account: a role as any other of the config. */
export function withOperator(account: AwsConfig, input: OperatorInput, { trust }: ConfigSource): AwsConfig {
  if (trust === undefined) return account;
  if (!trust.accounts.some(({ id }) => id === account.account)) return account;
  const { namespace = defaultIdentity.namespace, serviceAccount = defaultIdentity.name } = input;
  const name = input.role ?? defaultIdentity.name;
  const place = { partition: partitionOf(account.region), account: account.account, markKey };
  return {
    ...account,
    roles: [
      ...account.roles,
      {
        name,
        serviceAccounts: [`${namespace}/${serviceAccount}`],
        subjectPatterns: [],
        policies: [],
        inline: { bindings: JSON.stringify(operatorPolicy(trust, place)) },
        path: "/",
        description: `The operator of stack ${trust.stack}`,
        maxSession: 3600,
        sessionName: name,
        tags: {},
      },
    ],
  };
}
