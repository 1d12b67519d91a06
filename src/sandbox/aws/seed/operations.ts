import type { RawRecord } from "../wire/value.ts";
import type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed.ts";

/** One operation of AWS's that creates a piece of a seed. */
export interface SeedOperation {
  /** Which piece: `role demo`. */
  readonly of: string;
  readonly service: "iam" | "ssm";
  readonly operation: string;
  readonly params: RawRecord;
  readonly region: string;
}

const defaultRegion = "us-east-1";

const document = (policy: object | string): string =>
  typeof policy === "string" ? policy : JSON.stringify(policy);

/** Absent members are not sent. */
function sent(params: Readonly<Record<string, unknown>>): RawRecord {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as RawRecord;
}

function providerOperation({ url, audiences, thumbprints }: SeedProvider): SeedOperation {
  const params = sent({ Url: url, ClientIDList: audiences, ThumbprintList: thumbprints });
  const operation = "CreateOpenIDConnectProvider";
  return { of: `provider ${url}`, service: "iam", operation, params, region: defaultRegion };
}

function roleOperations(role: SeedRole): readonly SeedOperation[] {
  const { name, trustPolicy, inline = {}, policies = [], path, maxSession, boundary } = role;
  const iam = (operation: string, params: Readonly<Record<string, unknown>>): SeedOperation => ({
    of: `role ${name}`,
    service: "iam",
    operation,
    params: sent({ RoleName: name, ...params }),
    region: defaultRegion,
  });
  return [
    iam("CreateRole", {
      AssumeRolePolicyDocument: document(trustPolicy),
      Path: path,
      MaxSessionDuration: maxSession,
      PermissionsBoundary: boundary,
    }),
    ...Object.entries(inline).map(([PolicyName, policy]) =>
      iam("PutRolePolicy", { PolicyName, PolicyDocument: document(policy) }),
    ),
    ...policies.map((PolicyArn) => iam("AttachRolePolicy", { PolicyArn })),
  ];
}

function parameterOperation(parameter: SeedParameter): SeedOperation {
  const { name, value, type = "String", region = defaultRegion } = parameter;
  const params = sent({ Name: name, Value: value, Type: type });
  return { of: `parameter ${name}`, service: "ssm", operation: "PutParameter", params, region };
}

/** All operations of a seed, in dependency order. */
export function seedOperations({
  providers = [],
  roles = [],
  parameters = [],
}: Seed): readonly SeedOperation[] {
  return [
    ...providers.map(providerOperation),
    ...roles.flatMap(roleOperations),
    ...parameters.map(parameterOperation),
  ];
}
