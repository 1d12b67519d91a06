/** What trusts grant at AWS, what bindings ask for, and what people do there, in random histories. */
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { account as firstAccount } from "../bindings/objects.ts";
import { operatorRole } from "../bindings/operator-session.ts";
import { admin, arn, document, everything, type GrantSpec, read } from "../bindings/session-rights.ts";

const legacy = "legacy";

/** A grant of a trust, for some namespaces; ARNs are of the first account. */
export type NamespaceGrant = GrantSpec & {
  readonly namespaces: readonly string[];
  readonly adoptRoles?: readonly string[];
  readonly retain?: true;
  readonly maxRoles?: number;
};

export const awsGrants: readonly NamespaceGrant[] = [
  { name: "plain", namespaces: ["shop"], policies: [arn("/shop/a")], tags: [{ key: "team", value: "x" }] },
  { name: "shop", namespaces: ["shop"], policies: [arn("/shop/*")] },
  {
    name: "wide",
    namespaces: ["*"],
    policies: ["arn:aws:iam::aws:policy/*"],
    inline: true,
    boundary: arn("/wide"),
    maxSessionSeconds: 7200,
  },
  {
    name: "narrow",
    namespaces: ["shop"],
    policies: [arn("/shop/*"), admin],
    boundary: arn("/narrow"),
    tags: [{ key: "team", value: "y" }],
  },
  {
    name: "tagged",
    namespaces: ["evil", "shop"],
    policies: [arn("/shop/*")],
    tags: [{ key: "team", value: "y" }],
    maxSessionSeconds: 7200,
  },
  {
    name: "adopts",
    namespaces: ["*"],
    policies: [arn("/shop/*")],
    adoptRoles: [`arn:aws:iam::${firstAccount}:role/*`],
    retain: true,
  },
  { name: "few", namespaces: ["*"], policies: [arn("/shop/*")], maxRoles: 4 },
];

const ofShop = { policies: [arn("/shop/a")] };
const roleNamed = (name: string): string => `arn:aws:iam::${firstAccount}:role/${name}`;
const own = (Statement: object): readonly object[] => [
  { name: "own", document: { Version: "2012-10-17", Statement } },
];

/** One role that stands, and one that never does, of a profile of its own. */
const withNone = (name: string): readonly JsonRecord[] => [ofShop, { policies: [arn(`/shop/${name}`)] }];

/** What roles a binding asks for. */
export const awsSpecs: readonly (readonly JsonRecord[])[] = [
  [ofShop],
  [{ policies: [arn("/shop/b")] }],
  [{ policies: [arn("/shop/a"), arn("/shop/team")], tags: [{ key: "team", value: "y" }] }],
  [{ policies: [arn("/shop/team")], tags: [{ key: "Team", value: "z" }] }],
  [
    {
      policies: [arn("/shop/a")],
      tags: [
        { key: "t", value: "1" },
        { key: "T", value: "2" },
      ],
    },
  ],
  [{ policies: [admin] }],
  [{ policies: [admin], inline: own(everything), maxSessionSeconds: 7200 }],
  [{ policies: [arn("/shop/a")], inline: own({ ...everything, Foo: 1 }) }],
  [{ policies: [arn("/shop/a"), arn("/shop/none")] }],
  [{ policies: [arn("/shop/a"), arn("/shop/b")], adopt: roleNamed(legacy) }],
  [{ ...ofShop, adopt: roleNamed(legacy), onDelete: "Retain" }],
  [{ ...ofShop, adopt: roleNamed(operatorRole) }],
  [{ ...ofShop, adopt: roleNamed("podtrust/prod.shop.web") }],
  ...["none-1", "none-2", "none-3"].map(withNone),
];

export const awsDeeds = [
  "attach",
  "allow",
  "mixed",
  "unbound",
  "tag",
  "lengthen",
  "strip",
  "legacy",
] as const;

/** What a person does to a role of an account. */
export function commandsOf(deed: string, RoleName: string, id: string): readonly object[] {
  const put = (PolicyName: string, ...statements: readonly object[]) =>
    new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document(...statements) });
  const commands: Readonly<Record<string, readonly object[]>> = {
    attach: [new AttachRolePolicyCommand({ RoleName, PolicyArn: admin })],
    allow: [put("theirs", everything)],
    mixed: [
      put("mixed", read("a", "b", "z"), { Effect: "Deny", Action: "iam:*", Resource: "*" }),
      put("mixed-2", everything, { Effect: "Deny", Action: "ssm:*", Resource: "*" }),
    ],
    unbound: [new DeleteRolePermissionsBoundaryCommand({ RoleName })],
    tag: [new TagRoleCommand({ RoleName, Tags: [{ Key: "team", Value: "z" }] })],
    lengthen: [new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43_200 })],
    strip: [new UntagRoleCommand({ RoleName, TagKeys: ["podtrust:stack"] })],
    legacy: [
      new CreateRoleCommand({
        RoleName: legacy,
        AssumeRolePolicyDocument: document({
          Effect: "Allow",
          Principal: { AWS: id },
          Action: "sts:AssumeRole",
        }),
      }),
      new AttachRolePolicyCommand({ RoleName: legacy, PolicyArn: admin }),
      new PutRolePolicyCommand({
        RoleName: legacy,
        PolicyName: "own",
        PolicyDocument: document(everything),
      }),
    ],
  };
  return commands[deed] ?? [];
}
