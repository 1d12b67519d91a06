/** An injection that stands in for ours: by the API server itself, for pods of ServiceAccounts with the annotation. */
export const injector = (variable: string): readonly object[] => [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicy",
    metadata: { name: "test-injection" },
    spec: {
      failurePolicy: "Ignore",
      reinvocationPolicy: "IfNeeded",
      paramKind: { apiVersion: "v1", kind: "ServiceAccount" },
      matchConstraints: {
        resourceRules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
        ],
      },
      matchConditions: [
        { name: "its-own", expression: "object.spec.serviceAccountName == params.metadata.name" },
        {
          name: "role",
          expression: '"eks.amazonaws.com/role-arn" in params.metadata.?annotations.orValue({})',
        },
      ],
      mutations: [
        {
          patchType: "JSONPatch",
          jsonPatch: {
            expression: `[
              JSONPatch{op: "add", path: "/spec/volumes", value: [{"name": dyn("aws-iam-token"), "projected": dyn({"sources": [{"serviceAccountToken": {"audience": dyn("sts.amazonaws.com"), "expirationSeconds": dyn(86400), "path": dyn("token")}}]})}]},
              JSONPatch{op: "add", path: "/spec/containers/0/env", value: [{"name": "${variable}", "value": string(params.metadata.annotations["eks.amazonaws.com/role-arn"])}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}]},
              JSONPatch{op: "add", path: "/spec/containers/0/volumeMounts", value: [{"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"}]}
            ]`,
          },
        },
      ],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicyBinding",
    metadata: { name: "test-injection" },
    spec: { policyName: "test-injection", paramRef: { selector: {}, parameterNotFoundAction: "Allow" } },
  },
];
