const rbac = "rbac.authorization.k8s.io";

/** The name and namespace of a Role. */
export interface RoleMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Role and its binding to a ServiceAccount, of the same namespace where its name alone is given. `rules` as in RBAC's PolicyRule. */
export function roleObjects(
  metadata: RoleMetadata,
  account: string | { readonly namespace: string; readonly name: string },
  rules: readonly object[],
): readonly object[] {
  const { name, namespace } = metadata;
  return [
    { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [
        { kind: "ServiceAccount", ...(typeof account === "string" ? { name: account, namespace } : account) },
      ],
    },
  ];
}
