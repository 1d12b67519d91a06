/** What a pod belongs to, as its owner reference says. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What a pod has that was given a role, by injection or by its template. */
export const roleVariables = (arn: string): readonly object[] => [
  { name: "AWS_ROLE_ARN", value: arn },
  { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token" },
];

/** A pod of a ServiceAccount, with a label that names it. */
export function podOf(
  name: string,
  serviceAccount: string,
  owner?: Owner,
  env: readonly object[] = [],
): object {
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: "apps/v1", controller: true, blockOwnerDeletion: false, ...owner }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: serviceAccount }, ownerReferences },
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      containers: [{ name: "web", image: "example.com/web", env }],
    },
  };
}
