/** One of AWS's own managed policies. */
export interface AwsManagedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly path: "/";
  /** `ANPA…`, the same in every account. */
  readonly id: string;
  readonly version: string;
  /** Of the policy and of this version, milliseconds. */
  readonly createDate: number;
  readonly updateDate: number;
  readonly document: string;
}

interface ManagedPolicyFacts {
  readonly id: string;
  readonly version: string;
  readonly created: string;
  readonly updated: string;
  readonly statements: readonly object[];
}

function allow(...actions: readonly string[]): object {
  return { Effect: "Allow", Action: actions, Resource: "*" };
}

// AWS publishes some 1,400 of these. This list has those that were checked, statement by statement, as of March 2026;
// all others answer NoSuchEntity, since a guessed document would decide wrongly.
const known: Readonly<Record<string, ManagedPolicyFacts>> = {
  AdministratorAccess: {
    id: "ANPAIWMBCKSKIEE64ZLYK",
    version: "v1",
    created: "2015-02-06T18:39:46Z",
    updated: "2015-02-06T18:39:46Z",
    statements: [{ Effect: "Allow", Action: "*", Resource: "*" }],
  },
  AmazonEC2ContainerRegistryPullOnly: {
    id: "ANPAZKAPJZG4ACPA6HO4Q",
    version: "v1",
    created: "2024-10-04T16:58:49Z",
    updated: "2024-10-04T16:58:49Z",
    statements: [
      allow(
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchImportUpstreamImage",
      ),
    ],
  },
  AmazonEC2ReadOnlyAccess: {
    id: "ANPAIGDT4SV4GSETWTBZK",
    version: "v5",
    created: "2015-02-06T18:40:17Z",
    updated: "2026-02-12T18:03:17Z",
    statements: [
      allow("ec2:Describe*", "ec2:GetSecurityGroupsForVpc"),
      { Effect: "Allow", Action: "elasticloadbalancing:Describe*", Resource: "*" },
      allow("cloudwatch:ListMetrics", "cloudwatch:GetMetricStatistics", "cloudwatch:Describe*"),
      { Effect: "Allow", Action: "autoscaling:Describe*", Resource: "*" },
    ],
  },
  AmazonRoute53ReadOnlyAccess: {
    id: "ANPAITOYK2ZAOQFXV2JNC",
    version: "v2",
    created: "2015-02-06T18:40:55Z",
    updated: "2016-11-15T21:15:16Z",
    statements: [
      {
        Effect: "Allow",
        Action: ["route53:Get*", "route53:List*", "route53:TestDNSAnswer"],
        Resource: ["*"],
      },
    ],
  },
  AmazonS3FullAccess: {
    id: "ANPAIFIR6V6BVTRAHWINE",
    version: "v2",
    created: "2015-02-06T18:40:58Z",
    updated: "2021-09-27T20:16:37Z",
    statements: [allow("s3:*", "s3-object-lambda:*")],
  },
  AmazonS3ReadOnlyAccess: {
    id: "ANPAIZTJ4DXE7G6AGAE6M",
    version: "v3",
    created: "2015-02-06T18:40:59Z",
    updated: "2023-08-10T21:31:39Z",
    statements: [
      allow("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"),
    ],
  },
  AmazonSSMFullAccess: {
    id: "ANPAJA7V6HI4ISQFMDYAG",
    version: "v4",
    created: "2015-05-29T17:39:47Z",
    updated: "2019-11-20T20:08:56Z",
    statements: [
      allow(
        "cloudwatch:PutMetricData",
        "ds:CreateComputer",
        "ds:DescribeDirectories",
        "ec2:DescribeInstanceStatus",
        "logs:*",
        "ssm:*",
        "ec2messages:*",
      ),
      {
        Effect: "Allow",
        Action: "iam:CreateServiceLinkedRole",
        Resource: "arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*",
        Condition: { StringLike: { "iam:AWSServiceName": "ssm.amazonaws.com" } },
      },
      {
        Effect: "Allow",
        Action: ["iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus"],
        Resource: "arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*",
      },
      allow(
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ),
    ],
  },
  AmazonSSMReadOnlyAccess: {
    id: "ANPAJODSKQGGJTHRYZ5FC",
    version: "v1",
    created: "2015-05-29T17:44:19Z",
    updated: "2015-05-29T17:44:19Z",
    statements: [allow("ssm:Describe*", "ssm:Get*", "ssm:List*")],
  },
  AWSDenyAll: {
    id: "ANPAZKAPJZG4P43IUQ5E5",
    version: "v2",
    created: "2019-05-01T22:36:14Z",
    updated: "2023-12-18T16:42:05Z",
    statements: [{ Sid: "DenyAll", Effect: "Deny", Action: ["*"], Resource: "*" }],
  },
  IAMReadOnlyAccess: {
    id: "ANPAJKSO7NDY4T57MWDSQ",
    version: "v4",
    created: "2015-02-06T18:40:39Z",
    updated: "2018-01-25T19:11:27Z",
    statements: [
      allow(
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:Get*",
        "iam:List*",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
      ),
    ],
  },
};

/** AWS's own managed policies that the sandbox knows, by ARN. */
export const awsManagedPolicies: ReadonlyMap<string, AwsManagedPolicy> = new Map(
  Object.entries(known).map(([name, facts]) => {
    const arn = `arn:aws:iam::aws:policy/${name}`;
    return [
      arn,
      {
        name,
        arn,
        path: "/",
        id: facts.id,
        version: facts.version,
        createDate: Date.parse(facts.created),
        updateDate: Date.parse(facts.updated),
        document: JSON.stringify({ Version: "2012-10-17", Statement: facts.statements }, null, 2),
      },
    ];
  }),
);
