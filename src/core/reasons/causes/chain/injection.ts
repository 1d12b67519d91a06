import { cause, found, type ReasonEntry } from "../../entry.ts";

const injection = ["injection"] as const;
const anew = "Make the pod anew: kubectl rollout restart. It gets what it needs when it is made.";

/** Why a pod lacks its role, seen at the ServiceAccount and the pod. */
export const podCauses = {
  PodWaits: cause(
    found(
      "warning",
      injection,
      "A pod has what it needs for its role, and does not run: a container waits for a minute or more.",
      "Read why with kubectl describe pod; what its program says of AWS, podtrust doctor --pod NAMESPACE/NAME --logs reads.",
    ),
    { number: 872, proof: "The state of its containers, where no cause of the chain is found." },
  ),
  RoleArnMalformed: cause(
    found(
      "broken",
      ["serviceaccount", "injection"],
      "The role's ARN is not the ARN of a role: an extra colon, no account, or a placeholder.",
      "Correct the annotation, then make the pods anew.",
    ),
    { number: 841, proof: "The value against arn:PARTITION:iam::ACCOUNT:role/NAME." },
  ),
  RoleArnEmpty: cause(
    found(
      "broken",
      ["serviceaccount", "injection"],
      "The role's ARN is empty: a template variable was not set.",
      "Set it where the manifest is made, then make the pods anew.",
    ),
    { number: 842, proof: "AWS_ROLE_ARN or the annotation is there, and empty." },
  ),
  RolePartitionDiffers: cause(
    found(
      "broken",
      ["serviceaccount", "injection"],
      "The role's ARN is of another partition of AWS than the account.",
      "Write the partition of the account's region: aws, aws-cn or aws-us-gov.",
    ),
    { number: 843, proof: "The partition in the ARN against that of the config's region." },
  ),
  AnnotationAfterPod: cause(
    found(
      "broken",
      injection,
      "The ServiceAccount was annotated after the pod was made, and injection happens when a pod is made.",
      anew,
    ),
    {
      number: 844,
      proof:
        "When the annotation was written (managedFields) against when the pod was made; a pod made for trial gets its role.",
    },
  ),
  PodBeforeCache: cause(
    found(
      "broken",
      injection,
      "The pod was made at the same moment as its ServiceAccount, which the webhook did not know yet.",
      `${anew} Apply the ServiceAccount before the workload.`,
    ),
    {
      number: 863,
      proof: "Less than two seconds lie between the two, and a pod made for trial gets its role.",
    },
  ),
  PodOutsideSelector: cause(
    found(
      "broken",
      injection,
      "The webhook's selectors do not fit the pod or its namespace, so that it is not asked.",
      "Set the label that the selector asks for on the pod, not on the ServiceAccount, and make it anew.",
    ),
    { number: 869, proof: "namespaceSelector and objectSelector against the labels." },
  ),
  PodPassedOver: cause(
    found(
      "broken",
      injection,
      "The webhook passed the pod over when it was made, and would not do so today.",
      `${anew} If it comes again, keep the webhook's log of that moment.`,
    ),
    {
      number: 870,
      proof: "A pod made for trial gets its role, and neither times nor selectors say why this one did not.",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why a webhook injects nothing. */
export const webhookCauses = {
  WebhookUntrusted: cause(
    found(
      "broken",
      injection,
      "The API server does not trust the webhook's certificate: caBundle is not of the CA that signed it.",
      "Put the CA of the serving certificate into caBundle, as by cert-manager's CA injector.",
    ),
    { number: 861, proof: "A handshake with the webhook, verified by its caBundle as the API server does." },
  ),
  WebhookCertificatePending: cause(
    found(
      "broken",
      injection,
      "The webhook waits for its certificate: its signing request was not approved, or no signer takes it.",
      "Approve it (kubectl certificate approve NAME), or mount a certificate of cert-manager.",
    ),
    {
      number: 862,
      proof: "A CertificateSigningRequest of the webhook's ServiceAccount without a certificate.",
    },
  ),
  WebhookNoEndpoint: cause(
    found(
      "broken",
      injection,
      "No pod of the webhook is ready: nothing gives new pods their role.",
      "Start the webhook, two replicas of it, then make the pods anew.",
    ),
    { number: 864, proof: "The EndpointSlices of its Service have no ready address." },
  ),
  WebhookBlocksCluster: cause(
    found(
      "warning",
      injection,
      "The webhook has failurePolicy Fail and is asked about the pods that it needs itself: it cannot start again by itself.",
      "Exempt kube-system and its own namespace by namespaceSelector.",
    ),
    {
      number: 865,
      proof: "Its selectors fit kube-system, or the namespace of its own Service, and failurePolicy is Fail.",
    },
  ),
  WebhookUnreachable: cause(
    found(
      "broken",
      injection,
      "The API server does not reach the webhook, though its pods are ready.",
      "Open the way from the control plane to the pod network, or run the webhook with hostNetwork.",
    ),
    {
      number: 866,
      proof:
        "Endpoints are ready, and a pod made for trial took the webhook's whole timeout, or was refused for it.",
    },
  ),
  WebhookDropsFields: cause(
    found(
      "broken",
      injection,
      "The webhook takes fields from pods that it does not know: an old build writes the pod anew.",
      "Use a newer build of the webhook.",
    ),
    { number: 867, proof: "A pod made for trial comes back without the field that it was sent with." },
  ),
  WebhookVersionDiffers: cause(
    found(
      "broken",
      injection,
      "The webhook is asked in a version of AdmissionReview that it does not answer in.",
      "Set admissionReviewVersions to what the webhook speaks: [v1] for every build of today.",
    ),
    {
      number: 868,
      proof: "admissionReviewVersions has no v1, and a pod made for trial came back as it was, at once.",
    },
  ),
  WebhookCertificateRejected: cause(
    found(
      "broken",
      injection,
      "The API server refuses the webhook's certificate whatever its CA: no SAN with the Service's name, or SHA-1.",
      "Issue it anew with SHA-256 and the SAN SERVICE.NAMESPACE.svc.",
    ),
    { number: 871, proof: "Names and signature algorithm of the certificate that the webhook serves." },
  ),
} as const satisfies Record<string, ReasonEntry>;
