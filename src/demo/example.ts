/** The values of the demo: the guide's own names, so that a reader of the guide finds them again. */
export const example = {
  region: "eu-central-1",
  audience: "sts.amazonaws.com",
  otherAudience: "vault.example",
  namespace: "default",
  serviceAccount: "demo-service-account",
  otherServiceAccount: "another-service-account",
  role: "k3s-demo-app",
  sessionName: "k3s-cluster",
  policy: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
  stack: "demo",
  identity: "d3a0c1e5",
  /** Seconds; the least that Kubernetes gives. */
  tokenSeconds: 600,
  parameters: [
    { name: "/demo/greeting", value: "hello from Parameter Store" },
    { name: "/demo/database/host", value: "db.demo.example" },
    { name: "/demo/database/password", value: "correct horse battery staple", secure: true },
  ],
  deniedParameter: { name: "/ops/root-password", value: "nobody of the demo reads this", secure: true },
} as const;

/**
 * What AmazonSSMReadOnlyAccess would allow and this role must not. A principal that may list a path gets all below
 * it, a denied parameter included (Systems Manager User Guide, "Restricting access to parameters"): hence the
 * second statement.
 */
export function denyPolicy(account: string): string {
  const arn = (path: string): string => `arn:aws:ssm:${example.region}:${account}:parameter${path}`;
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "KeepTheRootPassword",
        Effect: "Deny",
        Action: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"],
        Resource: arn(example.deniedParameter.name),
      },
      {
        Sid: "NorByListingWhatIsAboveIt",
        Effect: "Deny",
        Action: "ssm:GetParametersByPath",
        Resource: [arn("/"), arn("/ops"), arn("/ops/*")],
      },
    ],
  });
}
