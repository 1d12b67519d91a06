import { defined, isRecord, type JsonRecord, mapped } from "../../core/base/index.ts";
import { iamProviderKey } from "../oidc/index.ts";

/** An issuer and its OIDC provider in an account. */
export interface IssuerInAccount {
  readonly issuer: string;
  readonly providerArn: string;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function statementsOf(trustPolicy: string): readonly JsonRecord[] {
  try {
    const policy: unknown = JSON.parse(trustPolicy);
    return isRecord(policy) ? listOf(policy["Statement"]).filter(isRecord) : [];
  } catch {
    return [];
  }
}

function lets(statement: JsonRecord, { providerArn }: IssuerInAccount): boolean {
  const { Effect, Principal } = statement;
  return Effect === "Allow" && isRecord(Principal) && listOf(Principal["Federated"]).includes(providerArn);
}

/** The names of condition keys differ by their letters alone in IAM, not by case. */
function renamed(conditions: unknown, from: string, to: string): unknown {
  if (!isRecord(conditions)) return conditions;
  const prefix = `${from}:`.toLowerCase();
  const rename = (key: string): string =>
    key.toLowerCase().startsWith(prefix) ? `${to}:${key.slice(prefix.length)}` : key;
  return Object.fromEntries(
    Object.entries(conditions).map(([operator, keys]) => [
      operator,
      isRecord(keys)
        ? Object.fromEntries(Object.entries(keys).map(([key, value]) => [rename(key), value]))
        : keys,
    ]),
  );
}

/**
 * The statements that let tokens of the new issuer into a role just as those of the old one are: each that allows the old
 * provider, for the new one, without its Sid, which may stand once. None where the policy cannot be read.
 */
export function statementsToAdd(
  trustPolicy: string,
  old: IssuerInAccount,
  wanted: IssuerInAccount,
): readonly JsonRecord[] {
  return statementsOf(trustPolicy)
    .filter((statement) => lets(statement, old))
    .map((statement) => {
      const { Condition } = statement;
      const kept = Object.entries(statement).filter(([member]) => member !== "Sid");
      return {
        ...Object.fromEntries(kept),
        Principal: { Federated: wanted.providerArn },
        ...defined({
          Condition: mapped(Condition, (condition) =>
            renamed(condition, iamProviderKey(old.issuer), iamProviderKey(wanted.issuer)),
          ),
        }),
      };
    });
}
